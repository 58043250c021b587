/*
 * str - borrowed text: a pointer and a length, not terminated.
 *
 * Passed by value; never owns.  Whoever made the bytes says how long they live.
 * Print one with "%.*s" and STR_ARG().
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str
str_of(const char *cstr)
{
    return (struct str){cstr, cstr != NULL ? strlen(cstr) : 0};
}

static inline struct str
str_make(const char *p, size_t n)
{
    return (struct str){p, n};
}

static inline bool
str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_of(cstr));
}

/* Byte-wise order, as memcmp; a prefix comes first. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Index of the first occurrence at or after `from`, or -1. */
ptrdiff_t str_find(struct str s, struct str needle, size_t from);
ptrdiff_t str_find_char(struct str s, char c, size_t from);

/* [from, to) of s; bounds beyond the end are clipped. */
struct str str_slice(struct str s, size_t from, size_t to);
/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str s);

/* Cuts *rest at the first `sep`: returns what is before it and leaves what is behind it.  Without
 * a `sep`, returns all and leaves STR_NULL; so loop while rest->p != NULL. */
struct str str_cut(struct str *rest, char sep);

/* The whole of s as a decimal integer: no white space, no plus sign.  False if it is none or does
 * not fit. */
bool str_to_int(struct str s, int64_t *ret);
/* The whole of s as a decimal floating-point number, in the C locale. */
bool str_to_double(struct str s, double *ret);

/* A terminated copy: on the heap (caller frees), or in an arena. */
char *str_dup(struct str s);
char *str_dup_arena(struct arena *a, struct str s);

#endif
