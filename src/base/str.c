#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum { LONGEST_NUMBER = 400 }; /* a double written out in full has at most 309 + 17 digits */

int
str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n != 0 ? memcmp(a.p, b.p, n) : 0;

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_make(s.p, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_make(s.p + (s.n - suffix.n), suffix.n), suffix);
}

ptrdiff_t
str_find(struct str s, struct str needle, size_t from)
{
    const char *hit;

    if (from > s.n || needle.n > s.n - from)
        return -1;
    if (needle.n == 0)
        return (ptrdiff_t)from;
    hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit != NULL ? hit - s.p : -1;
}

ptrdiff_t
str_find_char(struct str s, char c, size_t from)
{
    const char *hit = from < s.n ? memchr(s.p + from, c, s.n - from) : NULL;

    return hit != NULL ? hit - s.p : -1;
}

struct str
str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    /* Nothing may be added to a null pointer, not even zero. */
    return from == 0 ? str_make(s.p, to) : str_make(s.p + from, to - from);
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
    while (s.n != 0 && is_space(s.p[0]))
        s = str_slice(s, 1, s.n);
    while (s.n != 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str
str_cut(struct str *rest, char sep)
{
    struct str all = *rest;
    ptrdiff_t at = str_find_char(all, sep, 0);

    if (at < 0) {
        *rest = STR_NULL;
        return all;
    }
    *rest = str_slice(all, (size_t)at + 1, all.n);
    return str_slice(all, 0, (size_t)at);
}

bool
str_to_int(struct str s, int64_t *ret)
{
    size_t i = s.n != 0 && s.p[0] == '-' ? 1 : 0;
    int64_t value = 0;

    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    /* Summed up as a negative number, whose range is larger by one. */
    if (s.p[0] != '-' && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret = value;
    return true;
}

bool
str_to_double(struct str s, double *ret)
{
    char text[LONGEST_NUMBER + 1];
    char *end;

    if (s.n == 0 || s.n > LONGEST_NUMBER || is_space(s.p[0]))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, &end);
    return end == text + s.n;
}

char *
str_dup(struct str s)
{
    return xstrndup(s.p, s.n);
}

char *
str_dup_arena(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.n + 1);

    if (s.n != 0)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}
