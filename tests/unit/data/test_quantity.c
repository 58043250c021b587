#include "base/buf.h"
#include "base/err.h"
#include "data/quantity.h"
#include "tests/unit/test.h"

static struct quantity
parse(const char *text)
{
    struct err e = ERR_INIT;
    struct quantity q = {0};

    if (quantity_parse(str_of(text), &q, &e) < 0)
        fail_msg("%s", e.msg);
    return q;
}

static void
check_canonical(const char *text, const char *want)
{
    cleanup_buf struct buf b = BUF_INIT;

    quantity_write(&b, parse(text));
    if (strcmp(buf_cstring(&b), want) != 0)
        fail_msg("%s: '%s', not '%s'", text, buf_cstring(&b), want);
}

TEST(quantities_have_one_canonical_form)
{
    check_canonical("0", "0");
    check_canonical("1", "1");
    check_canonical("1.5", "1500m");
    check_canonical("500m", "500m");
    check_canonical("1000m", "1");
    check_canonical("0.001k", "1");
    check_canonical("2000", "2k");
    check_canonical("1Gi", "1Gi");
    check_canonical("1.5Gi", "1536Mi");
    check_canonical("1024Mi", "1Gi");
    check_canonical("1023Ki", "1023Ki");
    check_canonical("0.5Ki", "512");
    check_canonical("1e3", "1e3");
    check_canonical("12E-3", "12e-3");
    check_canonical("1E", "1E");
    check_canonical("-1.5Mi", "-1536Ki");
    check_canonical("+5u", "5u");
    check_canonical("100n", "100n");
    check_canonical(".5", "500m");
    check_canonical("5.", "5");
    check_canonical("123456789012345678", "123456789012345678");
    check_canonical("0.0000000001", "1n");
    check_canonical("-0.0000000001", "-1n");
    check_canonical("99999999999999999999999999999999999999999999999999", "9223372036854775807");
    check_canonical("1e1000000", "9223372036854775807");
    check_canonical("16Ei", "9223372036854775807");
    check_canonical("1e-400", "1e-9");
    /* More digits than 64 bits hold. */
    check_canonical("1.4Ei", "1614090106449585766400m");
    check_canonical("9223372036854775806.000000001", "9223372036854775806000000001n");
}

TEST(values_are_rounded_up)
{
    CHECK_INT(quantity_value(parse("1500m")), 2);
    CHECK_INT(quantity_milli(parse("1500m")), 1500);
    CHECK_INT(quantity_milli(parse("0.0001")), 1);
    CHECK_INT(quantity_value(parse("64Mi")), 67108864);
    CHECK_INT(quantity_milli(parse("8E")), INT64_MAX);
    CHECK_INT(quantity_value(parse("-1500m")), -2);
}

TEST(quantities_are_compared_and_added_across_formats)
{
    cleanup_buf struct buf b = BUF_INIT;

    CHECK_INT(quantity_cmp(parse("1Ki"), parse("1024")), 0);
    CHECK_INT(quantity_cmp(parse("1Ki"), parse("1k")), 1);
    CHECK_INT(quantity_cmp(parse("100m"), parse("0.2")), -1);
    quantity_write(&b, quantity_add(parse("500m"), parse("1.5")));
    quantity_write(&b, quantity_add(parse("0"), parse("2Gi")));
    CHECK_STR(buf_cstring(&b), "22Gi");
}

TEST(other_text_is_no_quantity)
{
    static const char *const bad[] = {"",   "m",   ".",   "1.2.3", "1 Gi", "1gi",   "1K",
                                      "1e", "1ex", "--1", "1e+-3", "0x1",  "1e1.5", "Gi"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        struct quantity q;

        if (quantity_parse(str_of(bad[i]), &q, &e) != ERR_BADREQUEST)
            fail_msg("'%s' was read", bad[i]);
    }
}

TESTS_MAIN(T_(quantities_have_one_canonical_form), T_(values_are_rounded_up),
           T_(quantities_are_compared_and_added_across_formats), T_(other_text_is_no_quantity))
