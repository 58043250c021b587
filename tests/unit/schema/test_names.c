#include "schema/names.h"

#include "tests/unit/test.h"

static void
expect(enum names_rule rule, const char *const *good, const char *const *bad)
{
    for (; *good != NULL; good++)
        if (names_check(rule, str_of(*good)) != NULL)
            fail_msg("'%s' was refused: %s", *good, names_check(rule, str_of(*good)));
    for (; *bad != NULL; bad++)
        if (names_check(rule, str_of(*bad)) == NULL)
            fail_msg("'%s' was accepted", *bad);
}

#define SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(names_accept_and_refuse_labels)
{
    expect(NAMES_LABEL, (const char *[]){"a", "a-b", "0a", SIXTY "aaa", NULL},
           (const char *[]){"", "-a", "a-", "A", "a.b", "a_b", SIXTY "aaaa", NULL});
    expect(NAMES_SERVICE, (const char *[]){"a", "a1", NULL},
           (const char *[]){"1a", "", "a-", NULL});
}

TEST(names_accept_and_refuse_subdomains)
{
    expect(NAMES_SUBDOMAIN, (const char *[]){"a", "a.b-c.d", "1.2", NULL},
           (const char *[]){"", ".", "a..b", "a.", ".a", "a.B", "a.-b", NULL});
}

TEST(names_accept_and_refuse_label_keys_and_values)
{
    expect(NAMES_QUALIFIED,
           (const char *[]){"a", "A.b_c-d", "example.com/x", "kubernetes.io/Foo", NULL},
           (const char *[]){"", "/a", "a/", "a/b/c", "Example.com/a", "-a", "a b", SIXTY "aaaa",
                            NULL});
    expect(NAMES_LABEL_VALUE, (const char *[]){"", "a", "A_b.c-1", NULL},
           (const char *[]){"-", "a b", "a/b", "a-", SIXTY "aaaa", NULL});
}

TEST(names_accept_and_refuse_keys_path_segments_and_variables)
{
    expect(NAMES_DATA_KEY, (const char *[]){".a", "a_b.C-1", NULL},
           (const char *[]){"", ".", "..", "..a", "a/b", "a b", NULL});
    expect(NAMES_PATH_SEGMENT, (const char *[]){"system:node", "A b", NULL},
           (const char *[]){"", ".", "..", "a/b", "a%b", NULL});
    expect(NAMES_ENV, (const char *[]){"A", "a.b-c d", NULL},
           (const char *[]){"", "A=B", "\xc3\xa4", "a\tb", NULL});
}

TESTS_MAIN(T_(names_accept_and_refuse_labels), T_(names_accept_and_refuse_subdomains),
           T_(names_accept_and_refuse_label_keys_and_values),
           T_(names_accept_and_refuse_keys_path_segments_and_variables))
