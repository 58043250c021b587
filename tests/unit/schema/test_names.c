#include "schema/names.h"

#include "tests/unit/test.h"

typedef const char *check_fn(struct str name);

static void
expect(check_fn *check, const char *const *good, const char *const *bad)
{
    for (; *good != NULL; good++)
        if (check(str_of(*good)) != NULL)
            fail_msg("'%s' was refused: %s", *good, check(str_of(*good)));
    for (; *bad != NULL; bad++)
        if (check(str_of(*bad)) == NULL)
            fail_msg("'%s' was accepted", *bad);
}

#define SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(names_accept_and_refuse_labels)
{
    expect(names_check_label, (const char *[]){"a", "a-b", "0a", SIXTY "aaa", NULL},
           (const char *[]){"", "-a", "a-", "A", "a.b", "a_b", SIXTY "aaaa", NULL});
    expect(names_check_service, (const char *[]){"a", "a1", NULL},
           (const char *[]){"1a", "", "a-", NULL});
}

TEST(names_accept_and_refuse_subdomains)
{
    expect(names_check_subdomain, (const char *[]){"a", "a.b-c.d", "1.2", NULL},
           (const char *[]){"", ".", "a..b", "a.", ".a", "a.B", "a.-b", NULL});
}

TEST(names_accept_and_refuse_label_keys_and_values)
{
    expect(names_check_qualified,
           (const char *[]){"a", "A.b_c-d", "example.com/x", "kubernetes.io/Foo", NULL},
           (const char *[]){"", "/a", "a/", "a/b/c", "Example.com/a", "-a", "a b", SIXTY "aaaa",
                            NULL});
    expect(names_check_label_value, (const char *[]){"", "a", "A_b.c-1", NULL},
           (const char *[]){"-", "a b", "a/b", "a-", SIXTY "aaaa", NULL});
}

TEST(names_accept_and_refuse_keys_path_segments_and_variables)
{
    expect(names_check_data_key, (const char *[]){".a", "a_b.C-1", NULL},
           (const char *[]){"", ".", "..", "..a", "a/b", "a b", NULL});
    expect(names_check_path_segment, (const char *[]){"system:node", "A b", NULL},
           (const char *[]){"", ".", "..", "a/b", "a%b", NULL});
    expect(names_check_env, (const char *[]){"A", "a.b-c d", NULL},
           (const char *[]){"", "A=B", "\xc3\xa4", "a\tb", NULL});
}

TESTS_MAIN(T_(names_accept_and_refuse_labels), T_(names_accept_and_refuse_subdomains),
           T_(names_accept_and_refuse_label_keys_and_values),
           T_(names_accept_and_refuse_keys_path_segments_and_variables))
