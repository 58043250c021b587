#include "api/apiedge.h"

#include "base/buf.h"
#include "base/err.h"
#include "tests/unit/test.h"

/* The error of a request that was not understood: there is none. */
static void
check_error(int status, int code, const char *text, const char *want)
{
    cleanup_buf struct buf got = BUF_INIT;
    const char *type = NULL;
    struct err e = ERR_INIT;

    err_set(&e, code, "%s", text);
    apiedge_write_error(NULL, NULL, status, &e, &got, &type);
    CHECK_STR(type, "application/json");
    CHECK_STR(buf_cstring(&got), want);
}

#define STATUS(message, reason, code) \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\"," \
    "\"message\":\"" message "\",\"reason\":\"" reason "\",\"code\":" code "}\n"

TEST(a_request_that_was_not_understood_gets_a_status)
{
    check_error(400, ERR_BADREQUEST, "no Host", STATUS("no Host", "BadRequest", "400"));
    check_error(408, ERR_TIMEOUT, "too slow", STATUS("too slow", "Timeout", "408"));
    check_error(401, ERR_UNAUTHORIZED, "no such token",
                STATUS("Unauthorized", "Unauthorized", "401"));
}

TESTS_MAIN(T_(a_request_that_was_not_understood_gets_a_status))
