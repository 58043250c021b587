#include "tests/unit/test.h"

#include "base/err.h"
#include "cli/tree.h"
#include "cli/treenode.h"
#include "schema/selector.h"
#include "tests/unit/cli/golden.h"

static void
check_tree(const char *name, const char *kind, const struct tree_style *style)
{
    cleanup_json struct json_doc *d = golden_workflow(name);
    cleanup_buf struct buf got = BUF_INIT;

    tree_write(&got, json_root(d), style);
    golden_check(name, kind, &got);
}

static const struct tree_style plain = {.utf8 = true, .now_us = GOLDEN_NOW};

TEST(a_graph_hides_omitted_tasks_and_shows_messages)
{
    check_tree("diamond", "tree", &plain);
}

TEST(step_groups_retries_loops_and_exit_handlers_are_drawn_as_upstream_does)
{
    check_tree("tour", "tree", &plain);
}

TEST(words_and_ascii_stand_in_where_utf8_is_not_wanted)
{
    struct tree_style style = {.utf8 = false, .now_us = GOLDEN_NOW};

    check_tree("tour", "ascii", &style);
}

TEST(colours_do_not_move_the_columns)
{
    struct tree_style style = {.utf8 = true, .colour = true, .now_us = GOLDEN_NOW};

    check_tree("diamond", "colour", &style);
}

TEST(a_single_pod_is_a_tree)
{
    check_tree("hello", "tree", &plain);
}

TEST(more_columns_show_the_machine_what_was_saved_and_what_was_used)
{
    struct tree_style style = {.utf8 = true, .now_us = GOLDEN_NOW, .columns = TREE_SHORT};

    check_tree("diamond", "short", &style);
    style.columns = TREE_WIDE;
    check_tree("diamond", "wide", &style);
}

static void
check_shows(const char *text, const char *node, bool want)
{
    cleanup_selector struct selector *s = NULL;
    cleanup_json struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(selector_parse_fields(str_of(text), &s, &e), 0);
    CHECK_INT(json_parse(str_of(node), &json_limits_default, &d, &e), 0);
    CHECK_INT(treenode_shows(s, json_root(d)), want);
}

TEST(nodes_are_chosen_by_their_fields)
{
    const char *node = "{\"id\":\"w-1\",\"name\":\"w[0].a\",\"displayName\":\"a\","
                       "\"templateName\":\"say\",\"phase\":\"Failed\",\"inputs\":{\"parameters\":"
                       "[{\"name\":\"p\",\"value\":\"1\"}]}}";
    const char *of_other = "{\"templateRef\":{\"name\":\"lib\",\"template\":\"leaf\"}}";

    CHECK_INT(treenode_shows(NULL, NULL), true);
    check_shows("displayName=a", node, true);
    check_shows("displayName=b", node, false);
    check_shows("phase=Failed,templateName=say", node, true);
    check_shows("phase!=Failed", node, false);
    check_shows("id=w-1,name=w[0].a", node, true);
    check_shows("inputs.parameters.p.value=1", node, true);
    check_shows("inputs.parameters.q.value=1", node, false);
    check_shows("nonsense=1", node, false);
    check_shows("templateRef.name=lib,templateRef.template=leaf,templateName=leaf", of_other, true);
    check_shows("templateRef.name=lib", node, false);
}

TEST(nodes_that_are_not_chosen_leave_no_row)
{
    cleanup_selector struct selector *failed = NULL;
    struct tree_style style = {.utf8 = true, .now_us = GOLDEN_NOW};
    struct err e = ERR_INIT;

    CHECK_INT(selector_parse_fields(STR("phase=Failed"), &failed, &e), 0);
    style.nodes = failed;
    check_tree("tour", "failed", &style);
}

TEST(malformed_nodes_are_left_out_and_cycles_end)
{
    check_tree("malformed", "tree", &plain);
}

TEST(nothing_is_drawn_before_the_entry_node_exists)
{
    cleanup_json struct json_doc *d = NULL;
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR("{\"metadata\":{\"name\":\"w\"},\"status\":{\"nodes\":{}}}"),
                         &json_limits_default, &d, &e),
              0);
    tree_write(&got, json_root(d), &plain);
    CHECK_INT(got.n, 0);
    tree_write(&got, NULL, &plain);
    CHECK_INT(got.n, 0);
}

TEST(rows_say_where_they_are_and_what_state_they_show)
{
    cleanup_json struct json_doc *d = golden_workflow("tour");
    cleanup_tree_rows struct tree_rows rows = TREE_ROWS_INIT;
    size_t active = 0, bad = 0;

    tree_draw(&rows, json_root(d), &plain);
    for (size_t i = 0; i < rows.n; i++) {
        active += rows.at[i].active;
        bad += rows.at[i].bad;
        CHECK_INT(rows.text.p[rows.at[i].at + rows.at[i].n], '\n');
    }
    CHECK_INT(bad, 2);    /* flaky(0) and the one that was deleted */
    CHECK_INT(active, 6); /* the entry, flaky and its attempt, graph, loop(0:a), approve */
}

static void
check_pod_name(const char *node, const char *annotation, const char *want)
{
    cleanup_free char *text =
        xasprintf("{\"wf\":{\"metadata\":{\"name\":\"my-wf\",\"annotations\":{%s}}"
                  "},\"node\":%s}",
                  annotation, node);
    cleanup_json struct json_doc *d = NULL;
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(text), &json_limits_default, &d, &e), 0);
    tree_pod_name(&got, json_get(json_root(d), "wf"), json_get(json_root(d), "node"));
    CHECK_STR(buf_cstring(&got), want);
}

TEST(pod_names_follow_the_format_that_the_workflow_names)
{
    const char *node = "{\"id\":\"my-wf-366482638\",\"name\":\"my-wf[0].step(0:foo)\","
                       "\"templateName\":\"say\"}";

    check_pod_name(node, "", "my-wf-say-366482638");
    check_pod_name(node, "\"workflows.argoproj.io/pod-name-format\":\"v1\"", "my-wf-366482638");
    check_pod_name("{\"id\":\"my-wf\",\"name\":\"my-wf\",\"templateName\":\"say\"}", "", "my-wf");
    check_pod_name("{\"id\":\"i\",\"name\":\"my-wf[0].step(0:foo)\",\"templateName\":\"x\","
                   "\"templateRef\":{\"name\":\"t\",\"template\":\"other\"}}",
                   "", "my-wf-other-366482638");
}

TEST(long_pod_names_are_cut_before_the_hash)
{
    char template[300];
    cleanup_free char *node = NULL;
    cleanup_json struct json_doc *d = NULL;
    cleanup_buf struct buf got = BUF_INIT;
    struct err e = ERR_INIT;

    memset(template, 'x', sizeof template - 1);
    template[sizeof template - 1] = '\0';
    node = xasprintf("{\"w\":{\"metadata\":{\"name\":\"my-wf\"}},"
                     "\"n\":{\"name\":\"my-wf[0].step(0:foo)\",\"templateName\":\"%s\"}}",
                     template);
    CHECK_INT(json_parse(str_of(node), &json_limits_default, &d, &e), 0);
    tree_pod_name(&got, json_get(json_root(d), "w"), json_get(json_root(d), "n"));
    CHECK_INT(got.n, 242 + 1 + strlen("366482638"));
    CHECK_CONTAINS(buf_cstring(&got), "xxx-366482638");
}

TESTS_MAIN(T_(a_graph_hides_omitted_tasks_and_shows_messages),
           T_(step_groups_retries_loops_and_exit_handlers_are_drawn_as_upstream_does),
           T_(words_and_ascii_stand_in_where_utf8_is_not_wanted),
           T_(colours_do_not_move_the_columns), T_(a_single_pod_is_a_tree),
           T_(more_columns_show_the_machine_what_was_saved_and_what_was_used),
           T_(nodes_are_chosen_by_their_fields), T_(nodes_that_are_not_chosen_leave_no_row),
           T_(malformed_nodes_are_left_out_and_cycles_end),
           T_(nothing_is_drawn_before_the_entry_node_exists),
           T_(rows_say_where_they_are_and_what_state_they_show),
           T_(pod_names_follow_the_format_that_the_workflow_names),
           T_(long_pod_names_are_cut_before_the_hash))
