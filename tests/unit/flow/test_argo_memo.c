/* Memoization: a template that ran with the same key before. */
#include "tests/unit/flow/story.h"

#define MEMO(name, more) \
    "metadata: {name: " name "}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n" \
    "    steps:\n" \
    "    - - {name: a, template: t, arguments: {parameters: [{name: p, value: x}]}}\n" \
    "    - - {name: b, template: t, arguments: {parameters: [{name: p, value: x}]}}\n" \
    "    - - {name: c, template: t, arguments: {parameters: [{name: p, value: z}]}}\n" \
    "  - name: t\n" \
    "    inputs: {parameters: [{name: p}]}\n" \
    "    memoize: {key: \"k-{{inputs.parameters.p}}\", " more \
    "cache: {configMap: {name: store}}}\n" \
    "    outputs: {parameters: [{name: out, globalName: g, valueFrom: {path: /o}}]}\n" \
    "    container: {image: i, command: [put, out, \"of {{inputs.parameters.p}}\"]}\n"

static char *entry_;

static bool
read_entry(struct rig *r, struct turn *t)
{
    struct object *o = objects_find(r->objects, t, &kind_config_map, STR("default"), STR("store"));

    CHECK_NOT_NULL(o);
    CHECK_TRUE(str_is(object_label(o, "workflows.argoproj.io/configmap-type"), "Cache"));
    free(entry_);
    entry_ = str_dup(json_str(json_get(object_at(o, "data"), "k-x")));
    object_unref(o);
    return true;
}

STORY(what_ran_before_gives_its_outputs_again)
{
    story_run(s, MEMO("wf", ""));
    CHECK_ORDER(s, "wf[0].a wf[2].c");
    CHECK_STR(story_output(s, "a", "out"), "of x");
    CHECK_STR(story_output(s, "b", "out"), "of x");
    CHECK_STR(story_field(s, "b", "type"), "Pod");
    CHECK_STR(story_field(s, "a", "memoizationStatus"),
              "{\"hit\":false,\"key\":\"k-x\",\"cacheName\":\"store\"}");
    CHECK_STR(story_field(s, "b", "memoizationStatus.hit"), "true");
    story_turn(s, read_entry);
    CHECK_CONTAINS(entry_, "{\"nodeID\":\"wf-");
    CHECK_CONTAINS(entry_, "\"outputs\":{\"parameters\":[{\"name\":\"out\"");
    CHECK_CONTAINS(entry_, "\"creationTimestamp\":\"2023-11-14T22:13:20Z\"");
    /* Another workflow, another process: the cache is an object. */
    rig_shut(&s->r);
    rig_reopen(&s->r);
    buf_clear(&s->r.order);
    story_run(s, MEMO("other", ""));
    CHECK_ORDER(s, "");
    story_is(s, "Succeeded", NULL);
    CHECK_CONTAINS(story_status(s, "outputs"), "of z");
    free(entry_);
    entry_ = NULL;
}

STORY(what_is_too_old_is_made_again)
{
    story_run(s, MEMO("wf", "maxAge: 10s, "));
    story_let_pass(s, 11);
    buf_clear(&s->r.order);
    story_run(s, MEMO("other", "maxAge: 10s, "));
    CHECK_ORDER(s, "other[0].a other[2].c");
}

STORY(what_failed_is_not_kept)
{
    story_run(s, STORY_MAIN "    steps: [[{name: a, template: t, continueOn: {failed: true}}],\n"
                            "            [{name: b, template: t}]]\n"
                            "  - name: t\n"
                            "    memoize: {key: k, cache: {configMap: {name: store}}}\n"
                            "    container: {image: i, command: [exit, \"1\"]}\n");
    CHECK_ORDER(s, "wf[0].a wf[1].b");
}

STORY(groups_and_retries_are_kept_as_well)
{
    story_run(s, STORY_MAIN "    steps: [[{name: a, template: g}], [{name: b, template: g}],\n"
                            "            [{name: c, template: r}], [{name: d, template: r}]]\n"
                            "  - name: g\n"
                            "    memoize: {key: g, cache: {configMap: {name: store}}}\n"
                            "    steps: [[{name: in, template: say}]]\n"
                            "    outputs: {parameters: [{name: out, valueFrom: {parameter:\n"
                            "      \"{{steps.in.outputs.result}}\"}}]}\n"
                            "  - name: r\n"
                            "    memoize: {key: r, cache: {configMap: {name: store}}}\n"
                            "    retryStrategy: {limit: 1}\n"
                            "    container: {image: i, command: [until, \"1\", \"{{retries}}\"]}\n"
                            "  - name: say\n"
                            "    container: {image: i, command: [say, hi]}\n");
    CHECK_ORDER(s, "wf[0].a[0].in wf[2].c(0) wf[2].c(1)");
    CHECK_STR(story_output(s, "b", "out"), "hi");
    story_is(s, "Succeeded", NULL);
}

STORY(a_cache_that_cannot_be_used_is_told)
{
    rig_create(&s->r, &kind_config_map, "{metadata: {name: store}}");
    story_run(s, MEMO("wf", ""));
    story_node_is(s, "a", "Error",
                  "ConfigMap 'store' needs to have the label workflows.argoproj.io/configmap-type: "
                  "Cache to be a cache");
    story_run(s, "metadata: {name: other}\n"
                 "spec:\n"
                 "  entrypoint: main\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    memoize: {key: \"a b\", cache: {configMap: {name: mine}}}\n"
                 "    container: {image: i, command: [ok]}\n");
    CHECK_CONTAINS(story_field(s, "other", "message"), "invalid cache key: 'a b'");
}

TESTS_MAIN(T_(what_ran_before_gives_its_outputs_again), T_(what_is_too_old_is_made_again),
           T_(what_failed_is_not_kept), T_(groups_and_retries_are_kept_as_well),
           T_(a_cache_that_cannot_be_used_is_told))
