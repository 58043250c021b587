#include "api/claim.h"

#include "api/kind.h"
#include "api/meta.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

/* What is wrong with a claim of this spec, as its writer is told; "" if nothing. */
static const char *
problem_of(const char *spec, struct err *e)
{
    cleanup_free char *text = xasprintf("{\"metadata\":{\"name\":\"c\"},\"spec\":%s}", spec);
    cleanup_json struct json_doc *d = NULL;

    *e = ERR_INIT;
    if (json_parse(str_of(text), &json_limits_default, &d, e) < 0)
        fail_msg("%s: %s", text, e->msg);
    return meta_check(&kind_pvc, STR("c"), json_root(d), e) < 0 ? e->msg : "";
}

TEST(a_claim_with_a_known_mode_and_a_size_is_accepted)
{
    struct err e;

    CHECK_STR(problem_of("{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
                         "\"storage\":\"1Gi\"}}}",
                         &e),
              "");
    CHECK_STR(problem_of("{\"accessModes\":[\"ReadOnlyMany\",\"ReadWriteMany\"],\"resources\":{"
                         "\"requests\":{\"storage\":5}}}",
                         &e),
              "");
}

TEST(an_access_mode_must_be_there_and_known)
{
    struct err e;

    CHECK_STR(problem_of("{\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}", &e),
              "PersistentVolumeClaim \"c\" is invalid: spec.accessModes: Required value: at least "
              "1 access mode is required");
    CHECK_CONTAINS(problem_of("{\"accessModes\":[\"ReadWriteOnce\",\"Sometimes\"]}", &e),
                   "spec.accessModes: Unsupported value: \"Sometimes\"");
}

TEST(a_size_must_be_there_and_above_zero)
{
    struct err e;

    CHECK_CONTAINS(problem_of("{\"accessModes\":[\"ReadWriteOnce\"]}", &e),
                   "spec.resources[storage]: Required value");
    CHECK_CONTAINS(problem_of("{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
                              "\"storage\":\"much\"}}}",
                              &e),
                   "spec.resources[storage]: Invalid value: \"much\"");
    CHECK_CONTAINS(problem_of("{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
                              "\"storage\":\"-1Gi\"}}}",
                              &e),
                   "spec.resources[storage]: Invalid value: \"-1Gi\"");
}

TESTS_MAIN(T_(a_claim_with_a_known_mode_and_a_size_is_accepted),
           T_(an_access_mode_must_be_there_and_known), T_(a_size_must_be_there_and_above_zero))
