#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "flow/argorest/argorest_fields.h"
#include "tests/unit/test.h"

static void
check_pass(const char *fields, const char *prefix, const char *object, const char *want)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_buf struct buf got = BUF_INIT;
    struct argorest_fields f;
    struct err e = ERR_INIT;

    argorest_fields_read(&a, str_of(fields), &f);
    CHECK_INT(argorest_fields_pass(&f, str_of(prefix), str_of(object), &got, &e), 0);
    CHECK_STR(buf_cstring(&got), want);
}

#define WORKFLOW \
    "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"y\"}},\"spec\":{\"e\":1}," \
    "\"status\":{\"phase\":\"Running\",\"nodes\":{\"a\":{\"id\":\"a\"}}}}"

TEST(fields_none_pass_everything_as_it_is)
{
    check_pass("", "", "{ \"a\" : 1 }", "{ \"a\" : 1 }");
    check_pass("-", "", "{\"a\":1}", "{\"a\":1}");
    check_pass(",", "", "{\"a\":1}", "{\"a\":1}");
}

TEST(fields_named_are_kept_with_what_is_below_them)
{
    check_pass("metadata.name,status", "", WORKFLOW,
               "{\"metadata\":{\"name\":\"a\"},\"spec\":{},"
               "\"status\":{\"phase\":\"Running\",\"nodes\":{\"a\":{\"id\":\"a\"}}}}");
}

TEST(fields_excluded_are_left_out_with_what_is_below_them)
{
    check_pass("-status.nodes,metadata.labels", "", WORKFLOW,
               "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"e\":1},"
               "\"status\":{\"phase\":\"Running\"}}");
}

TEST(fields_of_a_list_have_the_prefix_of_its_items)
{
    check_pass("items.status.phase", "items", WORKFLOW,
               "{\"metadata\":{},\"spec\":{},\"status\":{\"phase\":\"Running\"}}");
    check_pass("-items.spec,items.status", "items", WORKFLOW,
               "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"y\"}},\"spec\":{}}");
    check_pass("metadata", "items", WORKFLOW, "{\"metadata\":{},\"spec\":{}}");
}

TEST(fields_go_through_arrays)
{
    check_pass("spec.templates.name", "",
               "{\"spec\":{\"templates\":[{\"name\":\"a\",\"dag\":{}},{\"name\":\"b\"},[1]]}}",
               "{\"spec\":{\"templates\":[{\"name\":\"a\"},{\"name\":\"b\"},[1]]}}");
}

TEST(fields_match_whole_keys)
{
    check_pass("status.start", "", "{\"status\":{\"startedAt\":\"x\",\"start\":\"y\"}}",
               "{\"status\":{\"start\":\"y\"}}");
    check_pass("metadata.namespace", "", "{\"metadata\":{\"name\":\"x\"}}", "{\"metadata\":{}}");
}

TEST(fields_leave_out_times_that_have_not_come)
{
    check_pass("", "", "{\"status\":{\"startedAt\":null,\"finishedAt\":null,\"other\":null}}",
               "{\"status\":{\"other\":null}}");
}

TEST(fields_say_whether_something_is_wanted)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct argorest_fields f;

    argorest_fields_read(&a, STR("items.status.phase, metadata"), &f);
    CHECK_TRUE(argorest_fields_want(&f, STR("items.status")));
    CHECK_FALSE(argorest_fields_want(&f, STR("items.status.nodes")));
    CHECK_TRUE(argorest_fields_want(&f, STR("metadata.continue")));
    argorest_fields_read(&a, STR("-items.status.nodes"), &f);
    CHECK_TRUE(argorest_fields_want(&f, STR("items.status")));
    CHECK_FALSE(argorest_fields_want(&f, STR("items.status.nodes")));
}

TEST(fields_refuse_what_is_no_json)
{
    struct argorest_fields f = {.n = 1, .paths = (struct str[]){STR("a")}};
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(argorest_fields_pass(&f, STR(""), STR("{"), &got, &e), ERR_BADREQUEST);
}

TESTS_MAIN(T_(fields_none_pass_everything_as_it_is),
           T_(fields_named_are_kept_with_what_is_below_them),
           T_(fields_excluded_are_left_out_with_what_is_below_them),
           T_(fields_of_a_list_have_the_prefix_of_its_items), T_(fields_go_through_arrays),
           T_(fields_match_whole_keys), T_(fields_leave_out_times_that_have_not_come),
           T_(fields_say_whether_something_is_wanted), T_(fields_refuse_what_is_no_json))
