#include "base/buf.h"
#include "base/err.h"
#include "data/base64.h"
#include "tests/unit/test.h"

static void
check(struct str bytes, enum base64_alphabet alphabet, const char *text)
{
    cleanup_buf struct buf b = BUF_INIT, again = BUF_INIT;
    struct err e = ERR_INIT;

    base64_encode(bytes, alphabet, &b);
    CHECK_STR(buf_cstring(&b), text);
    CHECK_INT(base64_decode(buf_view(&b), alphabet, &again, &e), 0);
    CHECK_TRUE(str_eq(buf_view(&again), bytes));
}

TEST(encoding_and_decoding_are_each_others_reverse)
{
    check(STR(""), BASE64_STANDARD, "");
    check(STR("f"), BASE64_STANDARD, "Zg==");
    check(STR("fo"), BASE64_STANDARD, "Zm8=");
    check(STR("foobar"), BASE64_STANDARD, "Zm9vYmFy");
    check(STR("\xfb\xff\x00"), BASE64_STANDARD, "+/8A");
    check(STR("\xfb\xff"), BASE64_URL, "-_8=");
    check(STR("\xfb\xff"), BASE64_URL_NO_PAD, "-_8");
    check(STR("f"), BASE64_URL_NO_PAD, "Zg");
}

TEST(what_encoding_never_makes_is_refused)
{
    static const char *const bad[] = {"Zg",        "Zg=",  "Z===", "Zh==",     "Zm9=", "Zg==\n",
                                      "Zm9v YmFy", "-_8=", "====", "Zg==Zg==", "=Zg="};
    struct err e = ERR_INIT;
    cleanup_buf struct buf b = BUF_INIT;

    buf_cstr(&b, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (base64_decode(str_of(bad[i]), BASE64_STANDARD, &b, &e) != ERR_BADREQUEST)
            fail_msg("'%s' was read", bad[i]);
        CHECK_STR(buf_cstring(&b), "kept");
    }
    CHECK_INT(base64_decode(STR("+/8"), BASE64_URL_NO_PAD, &b, &e), ERR_BADREQUEST);
    CHECK_INT(base64_decode(STR("Zg=="), BASE64_URL_NO_PAD, &b, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "byte 3 (0x3d) is not base64");
}

TEST(line_breaks_and_unused_bits_may_be_read_as_go_does)
{
    static const char *const bad[] = {"Zg", "Zg=", "Z===", "Zm9v YmFy", "-_8=", "Zg==Zg==", "=Zg="};
    cleanup_buf struct buf b = BUF_INIT;

    CHECK_TRUE(base64_decode_loose(STR("Zm9\nv\r\nYg==\n"), &b));
    CHECK_TRUE(base64_decode_loose(STR("Zh=="), &b));
    CHECK_TRUE(base64_decode_loose(STR("Zm9="), &b));
    CHECK_STR(buf_cstring(&b), "foobffo");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (base64_decode_loose(str_of(bad[i]), &b))
            fail_msg("'%s' was read", bad[i]);
        CHECK_STR(buf_cstring(&b), "foobffo");
    }
}

TESTS_MAIN(T_(encoding_and_decoding_are_each_others_reverse),
           T_(what_encoding_never_makes_is_refused),
           T_(line_breaks_and_unused_bits_may_be_read_as_go_does))
