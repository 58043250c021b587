/*
 * test - what every unit test includes.
 *
 *     TEST(err_wraps_from_the_outside_in) { ... CHECK_STR(e.msg, "a: b"); }
 *     TESTS(err_wraps_from_the_outside_in, ...)
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name([[maybe_unused]] void **state)

#define CHECK_TRUE(x) assert_true(x)
#define CHECK_FALSE(x) assert_false(x)
#define CHECK_INT(got, want) assert_int_equal((got), (want))
#define CHECK_STR(got, want) assert_string_equal((got), (want))
#define CHECK_NULL(p) assert_null(p)
#define CHECK_NOT_NULL(p) assert_non_null(p)
/* A struct str against a C string. */
#define CHECK_VIEW(got, want) \
    do { \
        struct str got_ = (got); \
        assert_int_equal(got_.n, strlen(want)); \
        assert_memory_equal(got_.p != NULL ? got_.p : "", (want), got_.n); \
    } while (0)
/* A text contains another. */
#define CHECK_CONTAINS(text, part) \
    do { \
        if (strstr((text), (part)) == NULL) \
            fail_msg("'%s' does not contain '%s'", (text), (part)); \
    } while (0)

#define TEST_ENTRY_1_(a) cmocka_unit_test(a)
#define TESTS_MAIN(...) \
    int main(void) \
    { \
        const struct CMUnitTest all[] = {__VA_ARGS__}; \
        return cmocka_run_group_tests_name(__FILE__, all, NULL, NULL); \
    }
#define T_(name) cmocka_unit_test(name)

#endif
