#include "http/fields.h"

#include "http/octets.h"

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
fields_same(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool
fields_name_is(struct str name, const char *other)
{
    return fields_same(name, str_of(other));
}

struct str
fields_get(const struct fields *f, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < f->n; i++)
        if (fields_same(f->at[i].name, wanted))
            return f->at[i].value;
    return STR_NULL;
}

size_t
fields_count(const struct fields *f, const char *name)
{
    struct str wanted = str_of(name);
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += fields_same(f->at[i].name, wanted);
    return n;
}

bool
fields_next_item(struct str *rest, struct str *ret)
{
    while (rest->p != NULL) {
        *ret = str_trim(str_cut(rest, ','));
        if (ret->n > 0)
            return true;
    }
    return false;
}

static bool
has_token(const struct fields *f, const char *name, const char *token, bool exact)
{
    for (size_t i = 0; i < f->n; i++) {
        struct str rest = f->at[i].value, item;

        if (!fields_name_is(f->at[i].name, name))
            continue;
        while (fields_next_item(&rest, &item))
            if (exact ? str_is(item, token) : fields_name_is(item, token))
                return true;
    }
    return false;
}

bool
fields_has_token(const struct fields *f, const char *name, const char *token)
{
    return has_token(f, name, token, false);
}

bool
fields_has_exact_token(const struct fields *f, const char *name, const char *token)
{
    return has_token(f, name, token, true);
}

bool
fields_add(struct fields *f, struct str name, struct str value)
{
    if (f->n == f->cap)
        return false;
    f->at[f->n++] = (struct field){name, value};
    return true;
}

bool
fields_is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (octet_class((unsigned char)s.p[i]) != OCTET_TOKEN)
            return false;
    return s.n > 0;
}

bool
fields_is_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        enum octet class = octet_class((unsigned char)s.p[i]);

        if (class == OCTET_CONTROL || class == OCTET_CR || class == OCTET_LF)
            return false;
    }
    return true;
}
