#include "tests/unit/test.h"

#include "base/clock.h"
#include "cli/live.h"
#include "tests/unit/cli/golden.h"

static void
collect(void *owner, struct str text)
{
    buf_str(owner, text);
}

/* A workflow of one step in a phase. */
static struct json_doc *
workflow(const char *phase, const char *more)
{
    cleanup_free char *text = xasprintf(
        "{\"metadata\":{\"name\":\"w\"},\"status\":{\"nodes\":{\"w\":{\"id\":\"w\",\"name\":\"w\","
        "\"displayName\":\"w\",\"type\":\"Pod\",\"phase\":\"%s\",\"templateName\":\"t\","
        "\"startedAt\":\"2026-03-01T10:02:00Z\"%s}}}}",
        phase, more);
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(text), &json_limits_default, &d, &e), 0);
    return d;
}

static void
show(struct live *v, const char *phase, const char *more, int64_t now_us)
{
    cleanup_json struct json_doc *d = workflow(phase, more);

    live_show(v, d, now_us);
}

static struct live *
new_live(struct buf *out, bool terminal)
{
    return live_new(&(struct live_setup){.terminal = terminal,
                                         .rows = 10,
                                         .cols = 40,
                                         .utf8 = true,
                                         .write = collect,
                                         .owner = out});
}

#define DONE ",\"finishedAt\":\"2026-03-01T10:02:03Z\""

TEST(off_the_terminal_each_change_is_one_line_once)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, false);

    show(v, "Pending", "", GOLDEN_NOW);
    show(v, "Running", "", GOLDEN_NOW);
    show(v, "Running", "", GOLDEN_NOW + CLOCK_SECOND);
    live_log(v, STR("w"), STR("hello"), GOLDEN_NOW);
    show(v, "Failed", DONE ",\"message\":\"main: Error (exit code 1)\"", GOLDEN_NOW);
    live_finish(v, GOLDEN_NOW);
    CHECK_STR(buf_cstring(&out), "\u25f7 w\n\u25cf w\nw: hello\n"
                                 "\u2716 w  3s  main: Error (exit code 1)\n");
    CHECK_INT(live_due(v), -1);
}

TEST(a_terminal_is_drawn_again_in_place)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    show(v, "Running", "", GOLDEN_NOW);
    CHECK_STR(buf_cstring(&out), "STEP  TEMPLATE  PODNAME  DURATION  MESS\n"
                                 " \u25cf w  t         w        0s          \n");
}

TEST(what_comes_too_early_is_drawn_when_due)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    CHECK_INT(live_due(v), -1);
    show(v, "Running", "", GOLDEN_NOW);
    CHECK_INT(live_due(v), GOLDEN_NOW + CLOCK_SECOND); /* its clock goes on */
    buf_clear(&out);
    show(v, "Succeeded", DONE, GOLDEN_NOW + 50000);
    CHECK_INT(out.n, 0);
    CHECK_INT(live_due(v), GOLDEN_NOW + 100040);
    live_tick(v, GOLDEN_NOW + 100039);
    CHECK_INT(out.n, 0);
    live_tick(v, GOLDEN_NOW + 100040);
    CHECK_CONTAINS(buf_cstring(&out), "\r\033[2A\033[J");
    CHECK_CONTAINS(buf_cstring(&out), "\u2714 w");
    CHECK_INT(live_due(v), -1);
}

TEST(a_resized_terminal_is_drawn_at_once_in_its_new_width)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    live_resize(v, 10, 20, GOLDEN_NOW);
    CHECK_INT(out.n, 0); /* nothing to draw yet */
    show(v, "Running", "", GOLDEN_NOW);
    buf_clear(&out);
    live_resize(v, 10, 30, GOLDEN_NOW);
    CHECK_STR(buf_cstring(&out), "\r\033[2A\033[JSTEP  TEMPLATE  PODNAME  DURA\n"
                                 " \u25cf w  t         w        0s  \n");
}

TEST(log_lines_go_above_the_drawing)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);
    const char *log, *tree;

    live_log(v, STR("early"), STR("before any tree"), GOLDEN_NOW);
    CHECK_STR(buf_cstring(&out), "early: before any tree\n");
    show(v, "Running", "", GOLDEN_NOW);
    buf_clear(&out);
    live_log(v, STR("w"), STR("one\033[2J"), GOLDEN_NOW + 10);
    live_log(v, STR("w"), STR("two"), GOLDEN_NOW + 20);
    CHECK_INT(out.n, 0);
    live_tick(v, GOLDEN_NOW + CLOCK_SECOND);
    log = strstr(buf_cstring(&out), "\r\033[2A\033[Jw: one [2J\nw: two\n");
    tree = strstr(buf_cstring(&out), "STEP");
    CHECK_NOT_NULL(log);
    CHECK_TRUE(tree > log);
}

TEST(a_flood_of_log_lines_does_not_wait_for_the_clock)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    show(v, "Running", "", GOLDEN_NOW);
    buf_clear(&out);
    for (int i = 0; i < 10000 && out.n == 0; i++)
        live_log(v, STR("w"), STR("a line of a program that talks much"), GOLDEN_NOW);
    CHECK_TRUE(out.n > 0);
}

TEST(colours_follow_the_pod)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v =
        live_new(&(struct live_setup){.colour = true, .write = collect, .owner = &out});

    live_log(v, STR("a"), STR("x"), GOLDEN_NOW); /* 97 % 6 == 1: the second colour */
    CHECK_STR(buf_cstring(&out), "\033[33ma: x\033[0m\n");
}

TEST(a_tall_tree_keeps_its_head_and_what_runs_or_failed)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = live_new(&(struct live_setup){
        .terminal = true, .rows = 8, .cols = 200, .write = collect, .owner = &out});
    cleanup_json struct json_doc *d = golden_workflow("tour");
    unsigned lines = 0;

    live_show(v, d, GOLDEN_NOW);
    for (size_t i = 0; i < out.n; i++)
        lines += out.p[i] == '\n';
    CHECK_INT(lines, 7);
    CHECK_INT(strncmp(buf_cstring(&out), "STEP", 4), 0);
    CHECK_CONTAINS(buf_cstring(&out), "flaky(0)");
    CHECK_CONTAINS(buf_cstring(&out), "Suspend approve");
    CHECK_CONTAINS(buf_cstring(&out), " (21 more)\n");
}

TEST(finishing_leaves_the_last_state_and_erasing_removes_it)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    show(v, "Running", "", GOLDEN_NOW);
    show(v, "Succeeded", DONE, GOLDEN_NOW + 1);
    buf_clear(&out);
    live_finish(v, GOLDEN_NOW + 2);
    CHECK_CONTAINS(buf_cstring(&out), "\u2714 w");
    buf_clear(&out);
    live_erase(v);
    CHECK_INT(out.n, 0);

    show(v, "Running", "", GOLDEN_NOW + CLOCK_SECOND);
    buf_clear(&out);
    live_erase(v);
    CHECK_STR(buf_cstring(&out), "\r\033[2A\033[J");
}

TEST(a_clock_that_was_set_back_does_not_stop_the_view)
{
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_live struct live *v = new_live(&out, true);

    show(v, "Running", "", GOLDEN_NOW);
    buf_clear(&out);
    show(v, "Succeeded", DONE, GOLDEN_NOW - 3600 * CLOCK_SECOND);
    CHECK_TRUE(out.n > 0);
}

TESTS_MAIN(T_(off_the_terminal_each_change_is_one_line_once),
           T_(a_terminal_is_drawn_again_in_place), T_(what_comes_too_early_is_drawn_when_due),
           T_(a_resized_terminal_is_drawn_at_once_in_its_new_width),
           T_(log_lines_go_above_the_drawing), T_(a_flood_of_log_lines_does_not_wait_for_the_clock),
           T_(colours_follow_the_pod), T_(a_tall_tree_keeps_its_head_and_what_runs_or_failed),
           T_(finishing_leaves_the_last_state_and_erasing_removes_it),
           T_(a_clock_that_was_set_back_does_not_stop_the_view))
