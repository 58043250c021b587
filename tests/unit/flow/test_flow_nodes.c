/* status.nodes as clients know it: ids, names, types, boundaries, and the edges they draw. */
#include "flow/argo/argo_name.h"
#include "tests/unit/flow/story.h"

static const char *
names_of(struct story *s, const char *node, const char *field)
{
    struct buf *out = &s->text;
    const struct json *ids = json_get(story_node(s, node), field);

    buf_clear(out);
    JSON_EACH (id, ids) {
        const struct json *other =
            json_get_str(json_at_path(json_root(s->wf), "status.nodes"), json_str(id.value));

        buf_printf(out, "%s%s", id.index != 0 ? " " : "",
                   other != NULL ? rig_text(other, "name") : "(nobody)");
    }
    return buf_cstring(out);
}

#define CHECK_CHILDREN(s, node, want) CHECK_STR(names_of(s, node, "children"), want)
#define CHECK_OUTBOUND(s, node, want) CHECK_STR(names_of(s, node, "outboundNodes"), want)
TEST(ids_are_hashes_of_full_names)
{
    CHECK_INT(argo_name_hash(STR("w.a")), 205987851);
    CHECK_INT(argo_name_hash(STR("hello-world-abc12.onExit")), 207958595);
    CHECK_INT(argo_name_hash(STR("my-wf[0].step(0:foo)")), 366482638);
}

STORY(a_single_pod_is_the_whole_tree)
{
    story_run(s, "metadata: {name: wf}\nspec:\n  entrypoint: ok\n  templates:\n" STORY_OK);
    CHECK_STR(story_field(s, "wf", "id"), "wf");
    CHECK_STR(story_field(s, "wf", "displayName"), "wf");
    CHECK_STR(story_field(s, "wf", "type"), "Pod");
    CHECK_STR(story_field(s, "wf", "templateName"), "ok");
    CHECK_STR(story_field(s, "wf", "templateScope"), "local/wf");
    CHECK_STR(story_field(s, "wf", "boundaryID"), "");
    CHECK_STR(story_field(s, "wf", "progress"), "1/1");
    CHECK_STR(story_field(s, "wf", "outputs.exitCode"), "0");
    CHECK_STR(story_field(s, "wf", "startedAt"), "2023-11-14T22:13:20Z");
    CHECK_CHILDREN(s, "wf", "");
}

STORY(groups_of_steps_follow_each_other)
{
    story_run(s, STORY_MAIN
              "    steps:\n"
              "    - - {name: a, template: ok}\n"
              "      - {name: l, template: ok, withItems: [x, z]}\n"
              "    - - {name: b, template: inner}\n"
              "    - - {name: c, template: ok}\n"
              "  - name: inner\n"
              "    steps: [[{name: d, template: ok}], [{name: e, template: ok}]]\n" STORY_OK);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf", "type"), "Steps");
    CHECK_STR(story_field(s, "wf[0]", "type"), "StepGroup");
    CHECK_STR(story_field(s, "wf[0]", "displayName"), "[0]");
    CHECK_STR(story_field(s, "wf[0]", "boundaryID"), "wf");
    CHECK_STR(story_field(s, "wf[0].a", "boundaryID"), "wf");
    CHECK_STR(story_field(s, "wf[0].a", "displayName"), "a");
    CHECK_STR(story_field(s, "wf[0].l(0:x)", "displayName"), "l(0:x)");
    /* A loop of steps has no node of its own. */
    CHECK_NULL(story_node(s, "wf[0].l"));
    CHECK_CHILDREN(s, "wf", "wf[0]");
    CHECK_CHILDREN(s, "wf[0]", "wf[0].a wf[0].l(0:x) wf[0].l(1:z)");
    CHECK_CHILDREN(s, "wf[0].a", "wf[1]");
    CHECK_CHILDREN(s, "wf[0].l(1:z)", "wf[1]");
    CHECK_CHILDREN(s, "wf[1]", "wf[1].b");
    CHECK_CHILDREN(s, "wf[1].b", "wf[1].b[0]");
    CHECK_CHILDREN(s, "wf[1].b[1].e", "wf[2]");
    CHECK_OUTBOUND(s, "wf[1].b", "wf[1].b[1].e");
    CHECK_OUTBOUND(s, "wf", "wf[2].c");
    CHECK_STR(story_field(s, "wf[1].b[0].d", "boundaryID"), story_field(s, "wf[1].b", "id"));
}

STORY(tasks_lead_to_those_that_depend_on_them)
{
    story_run(s, STORY_MAIN
              "    dag:\n"
              "      tasks:\n"
              "      - {name: a, template: ok}\n"
              "      - {name: b, template: inner, depends: a}\n"
              "      - {name: l, template: ok, depends: a, withItems: [x, z]}\n"
              "      - {name: r, template: again, depends: b && l}\n"
              "      - {name: skip, template: ok, depends: a, when: \"1 == 2\"}\n"
              "      - {name: end, template: ok, depends: r && skip}\n"
              "  - name: inner\n"
              "    dag: {tasks: [{name: d, template: ok}, {name: e, template: ok}]}\n"
              "  - name: again\n"
              "    retryStrategy: {limit: 2}\n"
              "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n" STORY_OK);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf", "type"), "DAG");
    CHECK_STR(story_field(s, "wf.l", "type"), "TaskGroup");
    CHECK_STR(story_field(s, "wf.r", "type"), "Retry");
    CHECK_STR(story_field(s, "wf.r(0)", "nodeFlag"), "{\"retried\":true}");
    CHECK_STR(story_field(s, "wf.r(0)", "displayName"), "r(0)");
    CHECK_STR(story_field(s, "wf.r(0)", "boundaryID"), "wf");
    CHECK_STR(story_field(s, "wf.skip", "type"), "Skipped");
    CHECK_CHILDREN(s, "wf", "wf.a");
    CHECK_CHILDREN(s, "wf.a", "wf.b wf.l wf.skip");
    CHECK_CHILDREN(s, "wf.b", "wf.b.d wf.b.e");
    CHECK_CHILDREN(s, "wf.b.d", "wf.r");
    CHECK_CHILDREN(s, "wf.l", "wf.l(0:x) wf.l(1:z)");
    CHECK_CHILDREN(s, "wf.l(0:x)", "wf.r");
    CHECK_CHILDREN(s, "wf.r", "wf.r(0) wf.r(1)");
    CHECK_CHILDREN(s, "wf.r(1)", "wf.end");
    CHECK_CHILDREN(s, "wf.r(0)", "");
    CHECK_CHILDREN(s, "wf.skip", "wf.end");
    CHECK_OUTBOUND(s, "wf.b", "wf.b.d wf.b.e");
    CHECK_OUTBOUND(s, "wf", "wf.end");
    CHECK_OUTBOUND(s, "wf.l", "");
}

STORY(hooks_stand_beside_the_graph)
{
    story_run(s, "metadata: {name: wf}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  onExit: ok\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    dag:\n"
                 "      tasks:\n"
                 "      - {name: a, template: ok, onExit: ok}\n"
                 "      - {name: b, template: ok, depends: a}\n" STORY_OK);
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_field(s, "wf.onExit", "boundaryID"), "");
    CHECK_STR(story_field(s, "wf.onExit", "displayName"), "wf.onExit");
    CHECK_STR(story_field(s, "wf.a.onExit", "displayName"), "a.onExit");
    CHECK_STR(story_field(s, "wf.a.onExit", "boundaryID"), "wf");
    CHECK_CHILDREN(s, "wf.a", "wf.b wf.a.onExit");
}

/* 32 bits of hash: these two tasks have the same, and so would their pods. */
STORY(pods_whose_names_would_be_equal_get_different_ones)
{
    CHECK_TRUE(argo_name_hash(STR("wf.t35859")) == argo_name_hash(STR("wf.t1344042")));
    story_run(s,
              "metadata: {name: wf}\n"
              "spec:\n"
              "  entrypoint: main\n"
              "  templates:\n" STORY_OK "  - name: main\n"
              "    dag: {tasks: [{name: t35859, template: ok}, {name: t1344042, template: ok}]}\n");
    story_is(s, "Succeeded", NULL);
    CHECK_STR(story_status(s, "progress"), "2/2");
    CHECK_CHILDREN(s, "wf", "wf.t35859 wf.t1344042");
}

STORY(a_run_shows_its_nodes_while_it_goes_on)
{
    story_run(s, STORY_MAIN
              "    steps: [[{name: a, template: ok}], [{name: w, template: wait}], [{name: b, "
              "template: ok}]]\n" STORY_WAIT STORY_OK);
    story_is(s, "Running", NULL);
    story_node_is(s, "wf", "Running", NULL);
    story_node_is(s, "w", "Running", NULL);
    CHECK_STR(story_field(s, "w", "reason"), "suspended until it is resumed");
    CHECK_STR(story_field(s, "w", "finishedAt"), "null");
    CHECK_NULL(story_node(s, "b"));
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.labels"),
                                    "workflows.argoproj.io/phase"),
                           ""),
              "Running");
    CHECK_STR(json_cstr_or(json_get(json_at_path(json_root(s->wf), "metadata.labels"),
                                    "workflows.argoproj.io/completed"),
                           ""),
              "false");
}

/* Composed piece by piece. */
static struct buf pieces_;
static void *composing_;
static int steps_;

static bool
compose_piece(struct rig *r, struct turn *t)
{
    struct object *o = objects_find(r->objects, t, &kind_workflow, STR("default"), str_of(r->name));
    struct err e = ERR_INIT;
    int rc;

    if (composing_ == NULL)
        composing_ = argo_nodes_begin(o);
    object_unref(o);
    rc = argo_nodes_step(composing_, store_db(r->store), &pieces_, &e);
    CHECK_TRUE(rc >= 0);
    steps_++;
    if (rc == 0) {
        argo_nodes_end(composing_);
        composing_ = NULL;
    }
    return true;
}

static struct json_doc *
compose_in_pieces(struct story *s, bool run_between)
{
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    steps_ = 0;
    do {
        story_turn(s, compose_piece);
        if (run_between)
            rig_step(&s->r);
    } while (composing_ != NULL);
    if (json_parse(buf_view(&pieces_), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    buf_done(&pieces_);
    return doc;
}

static const char many[] =
    STORY_MAIN "    dag:\n"
               "      tasks:\n"
               "      - {name: each, template: ok, withSequence: {count: \"600\"}}\n"
               "      - {name: last, depends: each, template: ok}\n" STORY_OK;

STORY(many_nodes_are_composed_in_pieces)
{
    story_run(s, many);
    story_is(s, "Succeeded", NULL);
    {
        cleanup_json struct json_doc *doc = compose_in_pieces(s, false);

        CHECK_TRUE(steps_ > 6);
        CHECK_INT(json_count(json_at_path(json_root(doc), "status.nodes")), 603);
        CHECK_TRUE(json_equal(json_root(doc), json_root(s->wf)));
    }
    story_run(s, "metadata: {name: few}\nspec:\n  entrypoint: ok\n  templates:\n" STORY_OK);
    {
        cleanup_json struct json_doc *doc = compose_in_pieces(s, false);

        CHECK_INT(steps_, 1);
        CHECK_TRUE(json_equal(json_root(doc), json_root(s->wf)));
    }
}

STORY(a_run_may_go_on_between_two_pieces)
{
    size_t before;

    rig_create(&s->r, &kind_workflow, many);
    for (int i = 0; i < 100; i++)
        rig_step(&s->r);
    story_look(s);
    before = json_count(json_at_path(json_root(s->wf), "status.nodes"));
    CHECK_TRUE(before > 250);
    {
        cleanup_json struct json_doc *doc = compose_in_pieces(s, true);
        const struct json *nodes = json_at_path(json_root(doc), "status.nodes");

        CHECK_TRUE(json_count(nodes) >= before);
        JSON_EACH (node, nodes) {
            JSON_EACH (child, json_get(node.value, "children"))
                CHECK_NOT_NULL(json_get_str(nodes, json_str(child.value)));
        }
    }
    story_go_on(s);
    story_is(s, "Succeeded", NULL);
}

TESTS_MAIN(T_(ids_are_hashes_of_full_names), T_(a_single_pod_is_the_whole_tree),
           T_(groups_of_steps_follow_each_other), T_(tasks_lead_to_those_that_depend_on_them),
           T_(hooks_stand_beside_the_graph), T_(pods_whose_names_would_be_equal_get_different_ones),
           T_(a_run_shows_its_nodes_while_it_goes_on), T_(many_nodes_are_composed_in_pieces),
           T_(a_run_may_go_on_between_two_pieces))
