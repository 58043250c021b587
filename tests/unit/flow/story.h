/*
 * story - one workflow from its submission to its end, on a rig.
 *
 * What a pretended pod does stands in its manifest, so that a story is a workflow and what came of
 * it.  The first word of a container's command decides:
 *
 *     [ok]                     ends well
 *     [exit, 3]                ends with that code
 *     [say, TEXT]              TEXT is its result
 *     [put, NAME, VALUE, ...]  output parameters
 *     [keep, NAME, ...]        output artifacts
 *     [until, N, TRY]          fails with code 1 while TRY is less than N
 *     [hang]                   ends only when it is told to
 *     [serve]                  the same, and it runs at once
 *
 * A test of one story, which is open while it runs:
 *
 *     STORY(a_step_that_fails_fails_the_workflow)
 *     {
 *         story_run(s, STORY_MAIN "    steps: [[{name: a, template: bad}]]\n" STORY_BAD);
 *         story_is(s, "Failed", NULL);
 *     }
 */
#ifndef TESTS_UNIT_FLOW_STORY_H
#define TESTS_UNIT_FLOW_STORY_H

#include "tests/unit/flow/rig.h"

/* A workflow up to what its entry template is, and leaves for it to call. */
#define STORY_MAIN \
    "metadata: {name: wf}\n" \
    "spec:\n" \
    "  entrypoint: main\n" \
    "  templates:\n" \
    "  - name: main\n"
#define STORY_OK "  - name: ok\n    container: {image: i, command: [ok]}\n"
#define STORY_BAD "  - name: bad\n    container: {image: i, command: [exit, \"1\"]}\n"
#define STORY_HANG "  - name: hang\n    container: {image: i, command: [hang]}\n"
#define STORY_WAIT "  - name: wait\n    suspend: {}\n"
#define STORY_SAY \
    "  - name: say\n    inputs: {parameters: [{name: m}]}\n" \
    "    container: {image: i, command: [say, \"{{inputs.parameters.m}}\"]}\n"

struct story {
    struct rig r;
    struct json_doc *wf;
    struct buf text; /* of the last value that was asked for */
};

#define STORY(name) \
    static void name##_(struct story *s); \
    TEST(name) \
    { \
        struct story s; \
        story_open(&s); \
        name##_(&s); \
        story_close(&s); \
    } \
    static void name##_(struct story *s)

static inline const struct json *
story_word_(const struct json *pod, size_t i)
{
    return json_item(json_get(json_item(json_at_path(pod, "spec.containers"), 0), "command"), i);
}

static inline bool
story_holds_(const struct json *pod)
{
    return str_is(json_str(story_word_(pod, 0)), "hang");
}

static inline bool
story_serves_(const struct json *pod)
{
    return str_is(json_str(story_word_(pod, 0)), "serve");
}

/* Where the pod was told to save that artifact, or else a key of its own. */
static inline void
story_add_key_(struct json_build *b, const struct json *pod, struct str name)
{
    const struct json *annotations = json_at_path(pod, "metadata.annotations");
    cleanup_json struct json_doc *io = NULL;
    struct err e = ERR_INIT;

    if (json_parse(json_str(json_get(annotations, "sluice.dev/io")), NULL, &io, &e) < 0)
        fail_msg("%s", e.msg);
    JSON_EACH (art, json_at_path(json_root(io), "outputs.artifacts")) {
        if (str_eq(json_str(json_get(art.value, "name")), name)) {
            json_add_value(b, "key", json_get(art.value, "key"));
            return;
        }
    }
    json_add_printf(b, "key", "mlpipeline/%s/%.*s.tgz",
                    json_cstr_or(json_at_path(pod, "metadata.name"), ""), STR_ARG(name));
}

static inline const char *
story_outputs_(const struct json *pod, struct str verb, struct buf *text)
{
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *doc;

    json_add_object(&b, NULL);
    if (str_is(verb, "say"))
        json_add_value(&b, "result", story_word_(pod, 1));
    json_add_object(&b, "parameters");
    for (size_t i = 1; str_is(verb, "put") && story_word_(pod, i) != NULL; i += 2) {
        json_add_key(&b, json_str(story_word_(pod, i)));
        json_add_value(&b, NULL, story_word_(pod, i + 1));
    }
    json_end(&b);
    json_add_object(&b, "artifacts");
    for (size_t i = 1; str_is(verb, "keep") && story_word_(pod, i) != NULL; i++) {
        json_add_key(&b, json_str(story_word_(pod, i)));
        json_add_object(&b, NULL);
        story_add_key_(&b, pod, json_str(story_word_(pod, i)));
        json_end(&b);
    }
    json_end(&b);
    json_end(&b);
    doc = json_build_done(&b);
    buf_clear(text);
    json_write(text, json_root(doc));
    json_doc_unref(doc);
    return buf_cstring(text);
}

static struct buf story_outputs_text_;

static inline struct rig_end
story_play_(const struct json *pod)
{
    struct str verb = json_str(story_word_(pod, 0));
    struct rig_end end = {.outputs = story_outputs_(pod, verb, &story_outputs_text_)};
    int64_t n = 0, try = 0;

    (void)str_to_int(json_str(story_word_(pod, 1)), &n);
    (void)str_to_int(json_str(story_word_(pod, 2)), &try);
    if (str_is(verb, "exit"))
        end.exit_code = (int)n;
    else if (str_is(verb, "until"))
        end.exit_code = try < n;
    else if (str_is(verb, "hang") || str_is(verb, "serve"))
        end.exit_code = 143;
    return end;
}

/* With a format of artifacts' keys; NULL: the usual one. */
static inline void
story_open_with_key(struct story *s, const char *artifact_key)
{
    *s = (struct story){.text = BUF_INIT};
    rig_open_with_key(&s->r, artifact_key);
    s->r.play = story_play_;
    s->r.holds = story_holds_;
    s->r.serves = story_serves_;
}

static inline void
story_open(struct story *s)
{
    story_open_with_key(s, NULL);
}

/* The workflow as it is now. */
static inline void
story_look(struct story *s)
{
    json_doc_unref(s->wf);
    s->wf = rig_workflow(&s->r);
}

/* Another of several workflows is the one that is asked about from now on. */
static inline void
story_turn_to(struct story *s, const char *name)
{
    free(s->r.name);
    s->r.name = xstrdup(name);
    story_look(s);
}

/* Some of the pretended seconds pass. */
static inline void
story_let_pass(struct story *s, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        clock_manual_advance(&s->r.clock, CLOCK_SECOND);
        core_run(s->r.core, 1000);
    }
    story_look(s);
}

static inline void
story_go_on(struct story *s)
{
    rig_finish(&s->r);
    story_look(s);
}

/* Creates the workflow and lets it run to its end, or until nothing happens any more. */
static inline void
story_run(struct story *s, const char *yaml)
{
    rig_create(&s->r, &kind_workflow, yaml);
    story_go_on(s);
}

static inline void
story_close(struct story *s)
{
    json_doc_unref(s->wf);
    buf_done(&s->text);
    buf_done(&story_outputs_text_);
    rig_close(&s->r);
}

/* By full name, else by displayed name. */
static inline const struct json *
story_node(struct story *s, const char *name)
{
    JSON_EACH (it, json_at_path(json_root(s->wf), "status.nodes")) {
        if (str_is(json_str(json_get(it.value, "name")), name))
            return it.value;
    }
    return rig_node(s->wf, name);
}

static inline const char *
story_text_of_(struct story *s, const struct json *v)
{
    buf_clear(&s->text);
    if (json_type(v) == JSON_STRING)
        buf_str(&s->text, json_str(v));
    else if (v != NULL)
        json_write(&s->text, v);
    return buf_cstring(&s->text);
}

/* A field of a node by its dotted path, as text; "" if there is none. */
static inline const char *
story_field(struct story *s, const char *node, const char *path)
{
    if (story_node(s, node) == NULL)
        fail_msg("no node %s", node);
    return story_text_of_(s, json_at_path(story_node(s, node), path));
}

/* A field of the workflow's status. */
static inline const char *
story_status(struct story *s, const char *path)
{
    return story_text_of_(s, json_at_path(json_get(json_root(s->wf), "status"), path));
}

/* `list` is inputs.parameters or outputs.parameters. */
static inline const char *
story_value(struct story *s, const char *node, const char *list, const char *name)
{
    if (story_node(s, node) == NULL)
        fail_msg("no node %s", node);
    JSON_EACH (it, json_at_path(story_node(s, node), list)) {
        if (str_is(json_str(json_get(it.value, "name")), name))
            return story_text_of_(s, json_get(it.value, "value"));
    }
    return "(none)";
}

static inline const char *
story_input(struct story *s, const char *node, const char *name)
{
    return story_value(s, node, "inputs.parameters", name);
}

static inline const char *
story_output(struct story *s, const char *node, const char *name)
{
    return story_value(s, node, "outputs.parameters", name);
}

/* The node's phase, and its message unless that is NULL. */
static inline void
story_node_is(struct story *s, const char *node, const char *phase, const char *message)
{
    const struct json *n = story_node(s, node);

    if (n == NULL)
        fail_msg("no node %s", node);
    if (strcmp(rig_text(n, "phase"), phase) != 0)
        fail_msg("%s is %s, not %s: %s", node, rig_text(n, "phase"), phase, rig_text(n, "message"));
    if (message != NULL)
        CHECK_STR(rig_text(n, "message"), message);
}

/* The workflow's phase and message (NULL: any). */
static inline void
story_is(struct story *s, const char *phase, const char *message)
{
    const struct json *status = json_get(json_root(s->wf), "status");
    struct buf text = BUF_INIT;

    if (strcmp(rig_text(status, "phase"), phase) == 0 &&
        (message == NULL || strcmp(rig_text(status, "message"), message) == 0))
        return;
    JSON_EACH (it, json_get(status, "nodes")) {
        buf_printf(&text, "\n  %s: %s %s", rig_text(it.value, "name"), rig_text(it.value, "phase"),
                   rig_text(it.value, "message"));
    }
    fail_msg("the workflow is %s (%s), not %s (%s)%s", rig_text(status, "phase"),
             rig_text(status, "message"), phase, message != NULL ? message : "",
             buf_cstring(&text));
}

/* Names of the pods in the order of their ends. */
#define CHECK_ORDER(s, want) CHECK_STR(buf_cstring(&(s)->r.order), want)

/* A merge patch of the workflow's spec.  Applied in a turn of its own. */
static const char *story_patch_;

static inline bool
story_patch_work_(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    struct object *o = objects_find(r->objects, t, &kind_workflow, STR("default"), str_of(r->name));
    struct json_doc *patch = NULL, *spec = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (json_parse(str_of(story_patch_), NULL, &patch, &e) < 0)
        fail_msg("%s", e.msg);
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    JSON_EACH (it, object_at(o, "spec")) {
        if (json_get_str(json_root(patch), it.key) == NULL) {
            json_add_key(&b, it.key);
            json_add_value(&b, NULL, it.value);
        }
    }
    json_add_fields(&b, json_root(patch), NULL);
    json_end(&b);
    json_end(&b);
    spec = json_build_done(&b);
    if (objects_update(r->objects, t, &kind_workflow, STR("default"), json_root(spec), OBJECTS_SPEC,
                       NULL, &e) < 0)
        fail_msg("%s", e.msg);
    json_doc_unref(spec);
    json_doc_unref(patch);
    object_unref(o);
    return true;
}

static inline void
story_turn(struct story *s, bool (*work)(struct rig *r, struct turn *t))
{
    struct err e = ERR_INIT;
    struct rig_message m = {
        .m = {.class = MESSAGE_EVENT, .run = rig_run_work_}, .rig = &s->r, .work = work};

    core_post(s->r.core, &m.m, &e);
    core_run(s->r.core, 1000);
}

/* Adds fields to the workflow's spec: story_edit(&s, "{\"suspend\":false}"). */
static inline void
story_edit(struct story *s, const char *fields)
{
    story_patch_ = fields;
    story_turn(s, story_patch_work_);
}

#endif
