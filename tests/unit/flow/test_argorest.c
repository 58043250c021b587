#include "flow/argorest/argorest.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "http/request.h"
#include "tests/unit/test.h"

/* What is written of an error of a request for the path; "" if it is another API's. */
static void
check_error(const char *path, const char *want)
{
    const struct request rq = {.path = str_of(path)};
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    err_set(&e, ERR_UNAUTHORIZED, "no");
    CHECK_INT(argorest_write_error(&rq, &e, &got), want[0] != '\0');
    CHECK_STR(buf_cstring(&got), want);
}

#define REFUSED "{\"code\":16,\"message\":\"no\"}"

TEST(errors_have_the_shape_of_the_api_that_the_path_is_of)
{
    static const char *const ours[] = {"/api/v1/workflows/",
                                       "/api/v1/workflows/default/x/log",
                                       "/api/v1/workflow-templates/default",
                                       "/api/v1/workflow-events/",
                                       "/api/v1/cluster-workflow-templates",
                                       "/api/v1/cluster-workflow-templates/x",
                                       "/api/v1/cron-workflows/default/x",
                                       "/api/v1/archived-workflows",
                                       "/api/v1/archived-workflows/u/retry",
                                       "/api/v1/archived-workflows-label-keys",
                                       "/api/v1/info",
                                       "/api/v1/version",
                                       "/api/v1/userinfo",
                                       "/api/v1/stream/events/default",
                                       "/api/v1/events/default/x",
                                       "/artifacts/default/x/y/z",
                                       "/artifact-files/default/workflows/x/y/outputs/z",
                                       "/input-artifacts-by-uid/u/x/y"};
    static const char *const others[] = {"",
                                         "/",
                                         "/api",
                                         "/api/v1",
                                         "/api/v1/pods",
                                         "/api/v1/events",
                                         "/api/v1/namespaces/x/events",
                                         "/apis/argoproj.io/v1alpha1/workflows",
                                         "/healthz",
                                         "/version"};

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        check_error(ours[i], REFUSED);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        check_error(others[i], "");
}

TEST(a_request_that_was_not_understood_is_no_apis)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    err_set(&e, ERR_BADREQUEST, "the head is malformed");
    CHECK_FALSE(argorest_write_error(NULL, &e, &got));
    CHECK_INT(got.n, 0);
}

TESTS_MAIN(T_(errors_have_the_shape_of_the_api_that_the_path_is_of),
           T_(a_request_that_was_not_understood_is_no_apis))
