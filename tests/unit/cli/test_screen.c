#include "tests/unit/test.h"

#include <time.h>

#include "cli/screen.h"
#include "tests/unit/cli/golden.h"

static void
check_screen(const char *name)
{
    cleanup_json struct json_doc *d = golden_workflow(name);
    cleanup_buf struct buf got = BUF_INIT;
    struct tree_style style = {.utf8 = true, .now_us = GOLDEN_NOW};

    setenv("TZ", "JST-9", 1);
    tzset();
    screen_write(&got, json_root(d), &style);
    golden_check(name, "screen", &got);
}

TEST(a_finished_workflow_shows_conditions_times_and_resources)
{
    check_screen("diamond");
}

TEST(a_running_workflow_shows_parameters_outputs_and_that_it_waits)
{
    check_screen("tour");
}

static void
check_status(const char *json, const char *want)
{
    cleanup_json struct json_doc *d = NULL;
    cleanup_buf struct buf got = BUF_INIT, line = BUF_INIT;
    struct tree_style style = {.utf8 = true, .now_us = GOLDEN_NOW};
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(json), &json_limits_default, &d, &e), 0);
    screen_write(&got, json_root(d), &style);
    buf_printf(&line, "\nStatus:              %s\n", want);
    CHECK_CONTAINS(buf_cstring(&got), buf_cstring(&line));
}

TEST(status_words_tell_suspended_and_terminated_apart)
{
    check_status("{}", "Pending");
    check_status("{\"status\":{\"phase\":\"Running\"}}", "Running");
    check_status("{\"spec\":{\"suspend\":true},\"status\":{\"phase\":\"Running\"}}",
                 "Running (Suspended)");
    check_status("{\"spec\":{\"shutdown\":\"Terminate\"},\"status\":{\"phase\":\"Failed\"}}",
                 "Failed (Terminated)");
    check_status("{\"status\":{\"phase\":\"Error\"}}", "Error");
}

TEST(a_document_without_anything_has_a_screen)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct tree_style style = {.utf8 = true, .now_us = GOLDEN_NOW};

    screen_write(&got, NULL, &style);
    CHECK_CONTAINS(buf_cstring(&got), "Status:              Pending\n");
}

TESTS_MAIN(T_(a_finished_workflow_shows_conditions_times_and_resources),
           T_(a_running_workflow_shows_parameters_outputs_and_that_it_waits),
           T_(status_words_tell_suspended_and_terminated_apart),
           T_(a_document_without_anything_has_a_screen))
