#include "schema/imagetag.h"

#include <stdbool.h>

enum { TAG_MAX = 128, DIGEST_HEX_MIN = 32 };

static bool
is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_word(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Lower case letters and digits, with ".", "_", "__" or dashes between them. */
static bool
is_component(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t run = 0;

        while (i < s.n && is_lower(s.p[i])) {
            i++;
            run++;
        }
        if (run == 0)
            return false;
        if (i == s.n)
            return true;
        if (s.p[i] == '-') {
            while (i < s.n && s.p[i] == '-')
                i++;
        } else if (s.p[i] == '_') {
            i += i + 1 < s.n && s.p[i + 1] == '_' ? 2 : 1;
        } else if (s.p[i] == '.') {
            i++;
        } else {
            return false;
        }
    }
    return false;
}

static bool
is_host(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_word(s.p[i]) && s.p[i] != '.' && s.p[i] != '-' && s.p[i] != ':' && s.p[i] != '[' &&
            s.p[i] != ']')
            return false;
    return s.n > 0;
}

/* The first part is a host if it could be no component, or is the one that everybody means. */
static bool
is_name(struct str name)
{
    struct str rest = name, first = str_cut(&rest, '/');

    if (rest.p == NULL)
        return is_component(name);
    if (str_find_char(first, '.', 0) >= 0 || str_find_char(first, ':', 0) >= 0 ||
        str_is(first, "localhost") || !is_component(first)) {
        if (!is_host(first))
            return false;
    } else {
        rest = name;
    }
    while (rest.p != NULL)
        if (!is_component(str_cut(&rest, '/')))
            return false;
    return true;
}

static bool
is_tag(struct str s)
{
    if (s.n == 0 || s.n > TAG_MAX || !is_word(s.p[0]))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_word(s.p[i]) && s.p[i] != '.' && s.p[i] != '-')
            return false;
    return true;
}

static bool
is_digest(struct str s)
{
    ptrdiff_t colon = str_find_char(s, ':', 0);

    if (colon <= 0 || s.n - (size_t)colon - 1 < DIGEST_HEX_MIN)
        return false;
    for (size_t i = (size_t)colon + 1; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
            !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
            return false;
    return true;
}

struct str
imagetag_of(struct str image)
{
    ptrdiff_t at = str_find_char(image, '@', 0), colon = -1;
    struct str digest = at >= 0 ? str_slice(image, (size_t)at + 1, image.n) : STR_NULL;
    struct str name = at >= 0 ? str_slice(image, 0, (size_t)at) : image, tag = STR_NULL;

    for (size_t i = name.n; i > 0 && name.p[i - 1] != '/'; i--)
        if (name.p[i - 1] == ':')
            colon = (ptrdiff_t)i - 1;
    if (colon >= 0) {
        tag = str_slice(name, (size_t)colon + 1, name.n);
        name = str_slice(name, 0, (size_t)colon);
    }
    if (!is_name(name) || (colon >= 0 && !is_tag(tag)) || (at >= 0 && !is_digest(digest)))
        return STR_NULL;
    return colon < 0 && at < 0 ? STR("latest") : tag;
}
