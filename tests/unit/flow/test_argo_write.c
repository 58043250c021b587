/* Whole Workflows that clients write back. */
#include "schema/merge.h"
#include "schema/problem.h"
#include "tests/unit/flow/commanding.h"

#define KINDS \
    STORY_OK \
    STORY_BAD \
    STORY_HANG \
    STORY_WAIT \
    "  - name: ask\n    suspend: {}\n" \
    "    outputs: {parameters: [{name: a, valueFrom: {supplied: {}}},\n" \
    "      {name: b, valueFrom: {supplied: {}, default: nobody}}]}\n"

static const char waits[] = "metadata: {name: wf}\n"
                            "spec:\n"
                            "  entrypoint: main\n"
                            "  arguments: {parameters: [{name: p, value: old}]}\n"
                            "  templates:\n"
                            "  - name: main\n"
                            "    dag:\n"
                            "      tasks:\n"
                            "      - {name: one, template: wait}\n"
                            "      - {name: q, template: ask}\n"
                            "      - {name: done, template: ok}\n"
                            "      - {name: next, depends: one, template: ok}\n" KINDS;

static const char fails[] = "metadata: {name: wf}\n"
                            "spec:\n"
                            "  entrypoint: main\n"
                            "  arguments: {parameters: [{name: p, value: old}]}\n"
                            "  templates:\n"
                            "  - name: main\n"
                            "    dag:\n"
                            "      tasks:\n"
                            "      - {name: a, template: ok}\n"
                            "      - {name: b, depends: a, template: bad}\n"
                            "      - {name: c, depends: b, template: ok}\n" KINDS;

/* The id of the node that is shown under that name. */
static const char *
id_of(struct story *s, const char *display)
{
    const char *id = json_cstr_or(json_get(story_node(s, display), "id"), NULL);

    CHECK_NOT_NULL(id);
    return id;
}

/* The workflow as an Argo client sends it: a merge patch over what it read, without the fields that
 * it does not know.  Kept between runs of the command. */
static struct json_doc *sent_;

static struct json_doc *
edited(const struct json *seen, const char *patch)
{
    cleanup_json struct json_doc *doc = NULL, *lean = NULL;
    struct json_build b = JSON_BUILD_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(patch), NULL, &doc, &e), 0);
    json_add_object(&b, NULL);
    json_add_fields(&b, seen, (const char *const[]){"status", NULL});
    json_add_object(&b, "status");
    json_add_fields(&b, json_get(seen, "status"), (const char *const[]){"nodes", NULL});
    json_add_object(&b, "nodes");
    JSON_EACH (node, json_at_path(seen, "status.nodes")) {
        json_add_key(&b, node.key);
        json_add_object(&b, NULL);
        json_add_fields(&b, node.value, (const char *const[]){"stages", "reason", NULL});
        json_add_null(&b, "estimatedDuration");
        json_end(&b);
    }
    json_end(&b);
    json_end(&b);
    json_end(&b);
    lean = json_build_done(&b);
    return merge_patch(json_root(lean), json_root(doc));
}

static int
do_write(struct command *c, struct turn *t, const struct object *o, struct err *e)
{
    const struct objects_composer *by = objects_composer(c->rig->objects, &kind_workflow);
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_json struct json_doc *own = NULL;
    struct object *now = NULL;
    void *plan = NULL;
    int rc;

    if (by->plan_write(by->arg, t, &kind_workflow, o, json_root(sent_), &plan, &ps, e) < 0)
        return e->code;
    if (ps.n > 0)
        return err_set(e, ERR_INVALID, "%s", ps.at[0].text);
    own = objects_own_status(o, json_root(sent_));
    rc = objects_update(c->rig->objects, t, &kind_workflow, STR("default"), json_root(own),
                        OBJECTS_ALL, &now, e);
    if (rc >= 0 && plan != NULL)
        rc = by->act(by->arg, t, now, plan, e);
    object_unref(now);
    return rc;
}

__attribute__((format(printf, 2, 3))) static const char *
write_back(struct story *s, const char *fmt, ...)
{
    static struct command c;
    va_list ap;
    char *patch;

    va_start(ap, fmt);
    patch = xvasprintf(fmt, ap);
    va_end(ap);
    sent_ = edited(json_root(s->wf), patch);
    c = (struct command){.run = do_write};
    (void)give(s, &c);
    json_doc_unref(sent_);
    free(patch);
    return c.told;
}

STORY(a_workflow_that_comes_back_as_it_was_changes_nothing)
{
    story_run(s, waits);
    CHECK_STR(write_back(s, "{}"), "");
    story_node_is(s, "one", "Running", "");
    CHECK_STR(write_back(s, "{\"metadata\":{\"labels\":{\"x\":\"y\"}},\"status\":null}"), "");
    CHECK_CONTAINS(story_status(s, "phase"), "Running");
    CHECK_STR(write_back(s, "{\"status\":{\"phase\":\"Failed\",\"message\":\"mine\"}}"), "");
    story_is(s, "Running", NULL);
}

STORY(a_suspended_node_that_has_ended_is_resumed)
{
    story_run(s, waits);
    CHECK_STR(write_back(s,
                         "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Succeeded\",\"message\":"
                         "\"go\",\"finishedAt\":\"2024-01-01T00:00:00Z\"}}}}",
                         id_of(s, "one")),
              "");
    story_go_on(s);
    story_node_is(s, "one", "Succeeded", "go");
    story_node_is(s, "next", "Succeeded", NULL);
    story_node_is(s, "q", "Running", NULL);
}

STORY(a_suspended_node_that_failed_is_stopped)
{
    story_run(s, waits);
    CHECK_STR(
        write_back(s, "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Failed\",\"message\":\"no\"}}}}",
                   id_of(s, "one")),
        "");
    story_go_on(s);
    story_node_is(s, "one", "Failed", "no");
}

STORY(outputs_of_a_suspended_node_are_set)
{
    story_run(s, waits);
    CHECK_STR(write_back(s,
                         "{\"status\":{\"nodes\":{\"%s\":{\"outputs\":{\"parameters\":[{\"name\":"
                         "\"a\",\"value\":\"1\"},{\"name\":\"b\",\"valueFrom\":{\"supplied\":{},"
                         "\"default\":\"nobody\"}}]}}}}}",
                         id_of(s, "q")),
              "");
    story_node_is(s, "q", "Running", NULL);
    CHECK_STR(story_output(s, "q", "a"), "1");
    /* As `argo resume` writes what has a default. */
    CHECK_STR(write_back(s,
                         "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Succeeded\",\"outputs\":{"
                         "\"parameters\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\","
                         "\"value\":\"nobody\"}]}}}}}",
                         id_of(s, "q")),
              "");
    story_go_on(s);
    story_node_is(s, "q", "Succeeded", NULL);
    CHECK_STR(story_output(s, "q", "b"), "nobody");
}

STORY(what_a_suspended_node_cannot_get_is_refused)
{
    story_run(s, waits);
    CHECK_CONTAINS(write_back(s,
                              "{\"status\":{\"nodes\":{\"%s\":{\"outputs\":{\"parameters\":[{"
                              "\"name\":\"c\",\"value\":\"1\"}]}}}}}",
                              id_of(s, "q")),
                   "the template declares no such output parameter");
    CHECK_CONTAINS(
        write_back(s, "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Succeeded\"}}}}", id_of(s, "q")),
        "raw output parameter 'a' has not been set");
    CHECK_CONTAINS(
        write_back(s, "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Over\"}}}}", id_of(s, "q")),
        "phase 'Over' cannot be set");
    story_node_is(s, "q", "Running", NULL);
}

STORY(other_changes_of_nodes_are_refused_by_their_name)
{
    story_run(s, waits);
    CHECK_CONTAINS(
        write_back(s, "{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Failed\"}}}}", id_of(s, "done")),
        ".phase: Forbidden: only nodes that are suspended");
    CHECK_CONTAINS(write_back(s, "{\"status\":{\"nodes\":{\"%s\":null}}}", id_of(s, "done")),
                   "]: Forbidden: nodes can be taken out only");
    CHECK_CONTAINS(write_back(s, "{\"status\":{\"nodes\":{\"x\":{\"phase\":\"Failed\"}}}}"),
                   "status.nodes[x]: Forbidden: there is no such node");
    CHECK_CONTAINS(write_back(s, "{\"status\":{\"compressedNodes\":\"H4sI\"}}"),
                   "status.compressedNodes: Forbidden");
    story_node_is(s, "done", "Succeeded", NULL);
}

STORY(whoever_has_not_seen_the_latest_nodes_is_asked_to_look_again)
{
    cleanup_free char *patch = NULL;

    rig_create(&s->r, &kind_workflow, waits);
    story_look(s);
    patch = xasprintf("{\"status\":{\"nodes\":{\"%s\":{\"phase\":\"Failed\"}}}}", id_of(s, "done"));
    sent_ = edited(json_root(s->wf), patch);
    rig_step(&s->r); /* it ends, and no version tells of it yet */
    CHECK_CONTAINS(GIVE(s, .run = do_write), "its nodes have changed");
    json_doc_unref(sent_);
}

/* As FormulateRetryWorkflow leaves it: without what failed and came after it. */
STORY(a_workflow_without_its_failed_nodes_is_retried)
{
    const char *a, *b, *c;

    story_run(s, fails);
    story_is(s, "Failed", NULL);
    buf_clear(&s->r.order);
    a = id_of(s, "a");
    b = id_of(s, "b");
    c = id_of(s, "c");
    CHECK_STR(write_back(s,
                         "{\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":"
                         "\"new\"}]}},\"status\":{\"phase\":\"Running\",\"message\":null,"
                         "\"finishedAt\":null,\"nodes\":{\"wf\":{\"phase\":\"Running\",\"message\":"
                         "null,\"finishedAt\":null,\"children\":[\"%s\"]},\"%s\":null,\"%s\":null}"
                         "}}",
                         a, b, c),
              "");
    story_is(s, "Running", NULL);
    story_go_on(s);
    story_is(s, "Failed", NULL);
    CHECK_STR(buf_cstring(&s->r.order), "wf.b");
    CHECK_CONTAINS(story_text_of_(s, json_at_path(json_root(s->wf), "spec")), "\"new\"");
}

STORY(a_retry_does_again_what_ended_well_and_is_taken_out)
{
    story_run(s, fails);
    buf_clear(&s->r.order);
    CHECK_STR(write_back(s, "{\"status\":{\"phase\":\"Running\",\"nodes\":null}}"), "");
    story_go_on(s);
    CHECK_STR(buf_cstring(&s->r.order), "wf.a wf.b");
}

STORY(a_new_workflow_has_no_nodes)
{
    struct problems ps = PROBLEMS_INIT;
    const struct objects_composer *by;
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;
    void *plan;

    by = objects_composer(s->r.objects, &kind_workflow);
    CHECK_INT(json_parse(STR("{\"status\":{\"nodes\":{\"x\":{}}}}"), NULL, &doc, &e), 0);
    CHECK_INT(by->plan_write(by->arg, NULL, &kind_workflow, NULL, json_root(doc), &plan, &ps, &e),
              0);
    CHECK_INT(ps.n, 1);
    CHECK_CONTAINS(ps.at[0].text, "a new workflow has no nodes");
    problems_done(&ps);
    json_doc_unref(doc);
}

TESTS_MAIN(T_(a_workflow_that_comes_back_as_it_was_changes_nothing),
           T_(a_suspended_node_that_has_ended_is_resumed),
           T_(a_suspended_node_that_failed_is_stopped), T_(outputs_of_a_suspended_node_are_set),
           T_(what_a_suspended_node_cannot_get_is_refused),
           T_(other_changes_of_nodes_are_refused_by_their_name),
           T_(whoever_has_not_seen_the_latest_nodes_is_asked_to_look_again),
           T_(a_workflow_without_its_failed_nodes_is_retried),
           T_(a_retry_does_again_what_ended_well_and_is_taken_out), T_(a_new_workflow_has_no_nodes))
