#include "tests/unit/flow/validating.h"

#define ECHO \
    "  - name: echo\n" \
    "    inputs: {parameters: [{name: m}], artifacts: [{name: f, path: /f, optional: true}]}\n" \
    "    outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}\n" \
    "    container: {image: x}\n"

TEST(validate_wants_an_argument_for_every_input)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: main\n"
               "  templates:\n" ECHO "  - name: main\n"
               "    steps:\n"
               "    - - {name: a, template: echo}\n"
               "      - {name: b, template: echo, arguments: {parameters: [{name: m, value: 1}]}}\n"
               "      - {name: c, template: echo, arguments: {parameters: [{name: m}]}}\n",
               "13: templates.main.steps[0].a templates.echo inputs.parameters.m was not supplied\n"
               "15: templates.main.steps[0].c.arguments.m.value or "
               "templates.main.steps[0].c.arguments.m.valueFrom is required\n");
}

TEST(validate_wants_an_artifact_unless_it_is_optional)
{
    CHECK_SPEC(
        "spec:\n"
        "  entrypoint: main\n"
        "  templates:\n"
        "  - name: read\n"
        "    inputs: {artifacts: [{name: a, path: /a}, {name: b, path: /b, optional: true},\n"
        "      {name: c, path: /c, raw: {data: x}}]}\n"
        "    container: {image: x}\n"
        "  - name: main\n"
        "    dag: {tasks: [{name: t, template: read}]}\n",
        "12: templates.main.tasks.t templates.read inputs.artifacts.a was not supplied\n");
}

TEST(validate_wants_one_way_to_say_which_template)
{
    CHECK_SPEC(
        "spec:\n"
        "  entrypoint: main\n"
        "  templates:\n"
        "  - {name: x, suspend: {}}\n"
        "  - name: main\n"
        "    steps:\n"
        "    - - {name: a}\n"
        "      - {name: b, template: x, templateRef: {name: wt, template: t}}\n"
        "      - {name: c, template: x, inline: {suspend: {}}}\n"
        "      - {name: d, templateRef: {template: t}}\n"
        "      - {name: e, templateRef: {name: wt}}\n"
        "      - {name: f, templateRef: {name: wt, template: t}}\n"
        "      - {name: g, template: '{{workflow.name}}'}\n",
        "10: templates.main.steps[0].a one of template, templateRef or inline must be specified\n"
        "11: templates.main.steps[0].b template name cannot be specified with templateRef.\n"
        "12: templates.main.steps[0].c one of template, templateRef or inline must be specified, "
        "and only one\n"
        "13: templates.main.steps[0].d resource name is required\n"
        "14: templates.main.steps[0].e template name is required\n"
        "15: templates.main.steps[0].f template reference wt.t not found: workflow template wt not "
        "found\n");
}

/* A library of one WorkflowTemplate "lib". */
static const struct json *
fetch_lib(void *arg, bool cluster_scope, struct str name)
{
    return !cluster_scope && str_is(name, "lib") ? json_root(arg) : NULL;
}

static struct json_doc *
library(void)
{
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (yaml_parse_one(STR("spec:\n"
                           "  entrypoint: start\n"
                           "  arguments: {parameters: [{name: p, value: v}, {name: q}]}\n"
                           "  templates:\n"
                           "  - {name: start, inputs: {parameters: [{name: p}, {name: q}]},\n"
                           "     steps: [[{name: s, template: leaf}]]}\n"
                           "  - {name: leaf, container: {image: '', args: ['{{inputs.x}}']}}\n"),
                       NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    return doc;
}

TEST(validate_follows_references_into_other_objects)
{
    cleanup_json struct json_doc *lib = library();
    const struct validate_options options = {
        .mode = VALIDATE_SUBMIT, .fetch = fetch_lib, .fetch_arg = lib};
    cleanup_free char *got = validate_yaml_with(
        WORKFLOW "spec:\n"
                 "  entrypoint: main\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "    steps: [[{name: a, templateRef: {name: lib, template: start},\n"
                 "      arguments: {parameters: [{name: p, value: 1}]}}],\n"
                 "      [{name: b, templateRef: {name: lib, template: nope}}]]\n",
        &options);

    CHECK_STR(got, "8: templates.main.steps[0].a templates.start inputs.parameters.q was not "
                   "supplied\n"
                   "10: templates.main.steps[1].b template reference lib.nope not found: template "
                   "nope not found in workflow template lib\n"
                   "0: templates.main.steps[0].a templates.start.steps[0].s templates.leaf: "
                   "failed to resolve {{inputs.x}}\n"
                   "0: templates.main.steps[0].a templates.start.steps[0].s "
                   "templates.leaf.container.image may not be empty\n");
}

TEST(validate_merges_the_arguments_of_a_workflow_template_ref)
{
    cleanup_json struct json_doc *lib = library();
    const struct validate_options options = {
        .mode = VALIDATE_SUBMIT, .fetch = fetch_lib, .fetch_arg = lib};
    cleanup_free char *got =
        validate_yaml_with(WORKFLOW "spec: {workflowTemplateRef: {name: missing}}\n", &options);
    cleanup_free char *both = validate_yaml_with(
        WORKFLOW "spec: {workflowTemplateRef: {name: lib}, templates: [{name: a, suspend: {}}]}\n",
        &options);

    CHECK_STR(got, "4: workflow template missing not found\n");
    CHECK_CONTAINS(both, "4: Templates is invalid field in spec if workflow referred "
                         "WorkflowTemplate reference\n");
    CHECK_CONTAINS(both, "spec.arguments.q.value or spec.arguments.q.valueFrom is required");
}

TEST(validate_only_warns_of_what_cannot_be_fetched_offline)
{
    const struct validate_options options = {.mode = VALIDATE_LINT, .skip_unfetched = true};
    cleanup_free char *got = validate_yaml_with(
        WORKFLOW
        "spec:\n"
        "  entrypoint: main\n"
        "  templates:\n"
        "  - name: main\n"
        "    steps: [[{name: a, templateRef: {name: wt, template: t}}],\n"
        "      [{name: b, template: main, arguments: {parameters: [{name: x,\n"
        "        value: '{{steps.a.outputs.parameters.y}}{{steps.z.outputs.result}}'}]}}]]\n",
        &options);

    CHECK_STR(got, "8: warning: templates.main.steps[0].a workflow template wt is not at hand: the "
                   "call is not checked\n"
                   "10: templates.main.steps failed to resolve {{steps.z.outputs.result}}\n");
}

TEST(validate_ends_although_templates_call_each_other)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - {name: a, steps: [[{name: s, template: b, when: '{{workflow.name}} == x'}]]}\n"
               "  - {name: b, dag: {tasks: [{name: t, template: a}, {name: u, template: b}]}}\n",
               "");
}

TEST(validate_shortens_long_chains_of_callers)
{
    cleanup_buf struct buf yaml = BUF_INIT;
    const struct validate_options options = {.mode = VALIDATE_SUBMIT};
    cleanup_free char *got = NULL;

    buf_cstr(&yaml, WORKFLOW "spec:\n  entrypoint: t0\n  templates:\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&yaml, "  - {name: t%d, steps: [[{name: s, template: t%d}]]}\n", i, i + 1);
    got = validate_yaml_with(buf_cstring(&yaml), &options);
    CHECK_CONTAINS(got, "templates.t2999.steps[0].s template name 't3000' undefined\n");
    CHECK_TRUE(strlen(got) < 1000);
}

TESTS_MAIN(T_(validate_wants_an_argument_for_every_input),
           T_(validate_wants_an_artifact_unless_it_is_optional),
           T_(validate_wants_one_way_to_say_which_template),
           T_(validate_follows_references_into_other_objects),
           T_(validate_merges_the_arguments_of_a_workflow_template_ref),
           T_(validate_only_warns_of_what_cannot_be_fetched_offline),
           T_(validate_ends_although_templates_call_each_other),
           T_(validate_shortens_long_chains_of_callers))
