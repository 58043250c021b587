#include "tests/unit/flow/validating.h"

TEST(validate_accepts_a_small_workflow)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: main\n"
               "  arguments: {parameters: [{name: m, value: hi}]}\n"
               "  templates:\n"
               "  - name: main\n"
               "    inputs: {parameters: [{name: m}]}\n"
               "    container: {image: alpine, args: ['{{inputs.parameters.m}} {{pod.name}}',\n"
               "      '{{workflow.name}} {{workflow.parameters.m}} {{other}}']}\n",
               "");
}

TEST(validate_requires_an_entrypoint)
{
    CHECK_SPEC("spec:\n  templates: [{name: a, suspend: {}}]\n",
               "5: spec.entrypoint is required\n");
    CHECK_SPEC("spec: {entrypoint: b, templates: [{name: a, suspend: {}}]}\n",
               "4: template name 'b' undefined\n");
}

TEST(validate_collects_problems_of_all_templates)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - name: a\n"
               "    container: {image: x, args: ['{{inputs.parameters.no}}']}\n"
               "  - name: b\n"
               "    script: {source: x}\n",
               "8: templates.a: failed to resolve {{inputs.parameters.no}}\n"
               "10: templates.b templates.b.script.image may not be empty\n");
}

TEST(validate_stops_at_a_wrong_shape)
{
    CHECK_SPEC("spec: {entrypoint: [a], nonsense: 1}\n",
               "4: spec.entrypoint must be a string (got array)\n"
               "4: error unmarshaling JSON: while decoding JSON: json: unknown field \"nonsense\" "
               "(spec.nonsense)\n");
}

TEST(validate_checks_names_of_templates)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - {name: a, suspend: {}}\n"
               "  - {name: a, suspend: {}}\n"
               "  - {suspend: {}}\n"
               "  - {name: a_b, suspend: {}}\n",
               "8: spec.templates[1].name 'a' is not unique\n"
               "9: spec.templates[2].name is required\n"
               "10: spec.templates[3].name: 'a_b' is invalid: name must consist of alpha-numeric "
               "characters or '-', and must start with an alpha-numeric character (e.g. "
               "My-name1-2, 123-NAME)\n");
}

TEST(validate_wants_exactly_one_body)
{
    CHECK_SPEC(
        "spec:\n"
        "  entrypoint: a\n"
        "  templates:\n"
        "  - {name: a, container: null}\n"
        "  - {name: b, suspend: {}, container: {image: x}}\n",
        "7: templates.a template type unspecified. choose one of: container, containerSet, steps, "
        "script, resource, dag, suspend, data, http, plugin\n"
        "8: templates.b templates.b multiple template types specified. choose one of: container, "
        "containerSet, steps, script, resource, dag, suspend, data, http, plugin\n");
}

TEST(validate_wants_a_value_for_every_argument_when_submitting)
{
#define ARGUMENTS \
    "spec:\n" \
    "  entrypoint: a\n" \
    "  arguments:\n" \
    "    parameters: [{name: p}, {name: q, value: z, enum: [x, y]}]\n" \
    "  templates: [{name: a, suspend: {}}]\n"
    CHECK_SPEC(ARGUMENTS,
               "7: spec.arguments.p.value or spec.arguments.p.valueFrom is required\n"
               "7: spec.arguments.q.value should be present in spec.arguments.q.enum list\n");
    CHECK_OBJECT(VALIDATE_LINT, WORKFLOW ARGUMENTS,
                 "7: spec.arguments.q.value should be present in spec.arguments.q.enum list\n");
}

TEST(validate_counts_arguments_that_are_given_from_outside)
{
    cleanup_json struct json_doc *given = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR("{\"parameters\":[{\"name\":\"p\",\"value\":\"1\"},"
                             "{\"name\":\"new\",\"value\":\"2\"}]}"),
                         NULL, &given, &e),
              0);
    const struct validate_options options = {.mode = VALIDATE_SUBMIT, .given = json_root(given)};
    cleanup_free char *got = validate_yaml_with(
        WORKFLOW "spec:\n"
                 "  entrypoint: a\n"
                 "  arguments: {parameters: [{name: p}, {name: q}]}\n"
                 "  templates:\n"
                 "  - name: a\n"
                 "    inputs: {parameters: [{name: p}, {name: new}, {name: old}]}\n"
                 "    container: {image: x, args: ['{{workflow.parameters.new}}']}\n",
        &options);

    CHECK_STR(got, "6: spec.arguments.q.value or spec.arguments.q.valueFrom is required\n"
                   "5: templates.a inputs.parameters.old was not supplied\n");
}

TEST(validate_wants_a_given_value_to_be_one_of_its_choices)
{
    cleanup_json struct json_doc *given = NULL;
    struct err e = ERR_INIT;
    struct validate_options options = {.mode = VALIDATE_SUBMIT};
    cleanup_free char *got = NULL;

    CHECK_INT(
        json_parse(STR("{\"parameters\":[{\"name\":\"p\",\"value\":\"c\"}]}"), NULL, &given, &e),
        0);
    options.given = json_root(given);
    got = validate_yaml_with(WORKFLOW "spec:\n"
                                      "  entrypoint: a\n"
                                      "  arguments:\n"
                                      "    parameters: [{name: p, value: a, enum: [a, b]}]\n"
                                      "  templates: [{name: a, suspend: {}}]\n",
                             &options);
    CHECK_STR(got, "7: spec.arguments.p.value should be present in spec.arguments.p.enum list\n");
}

TEST(validate_limits_where_argument_values_come_from)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  arguments:\n"
               "    parameters:\n"
               "    - {name: p, valueFrom: {path: /x}}\n"
               "    - {name: q, valueFrom: {configMapKeyRef: {name: c, key: k}}}\n"
               "    artifacts: [{name: r}, {name: s, s3: {key: k}}]\n"
               "  templates: [{name: a, suspend: {}}]\n",
               "8: spec.arguments.p.valueFrom only allows: default, configMapKeyRef and supplied\n"
               "10: spec.arguments.r.from, artifact location, or key is required\n");
}

TEST(validate_checks_hooks_and_exit_handlers)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  onExit: bye\n"
               "  hooks: {running: {template: a}, exit: {template: a}}\n"
               "  templates: [{name: a, suspend: {}}]\n",
               "6: template name 'bye' undefined\n"
               "7: hooks.running Expression required\n");
}

TEST(validate_gives_failures_to_exit_handlers_only)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  onExit: b\n"
               "  templates:\n"
               "  - {name: a, container: {image: x, args: ['{{workflow.failures}}']}}\n"
               "  - {name: b, container: {image: x, args: ['{{workflow.failures}}']}}\n",
               "8: templates.a: failed to resolve {{workflow.failures}}\n");
}

TEST(validate_checks_pod_gc_and_retry_policies)
{
    CHECK_SPEC(
        "spec:\n"
        "  entrypoint: a\n"
        "  podGC: {strategy: Sometimes, labelSelector: {matchLabels: {a: 'b c'}}}\n"
        "  templates: [{name: a, retryStrategy: {retryPolicy: Never}, suspend: {}}]\n",
        "6: podGC.strategy unknown strategy 'Sometimes'\n"
        "6: podGC.labelSelector invalid: matchLabels: label value 'b c': a valid label must be an "
        "empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
        "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
        "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')\n"
        "7: Never is not a valid RetryPolicy\n");
}

TEST(validate_limits_the_length_of_names)
{
    CHECK_OBJECT(VALIDATE_LINT,
                 "apiVersion: argoproj.io/v1alpha1\n"
                 "kind: Workflow\n"
                 "metadata: {name: "
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
                 "spec: {entrypoint: a, templates: [{name: a, suspend: {}}]}\n",
                 "3: workflow name "
                 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" must not be "
                 "more than 63 characters long (currently 64)\n");
}

TEST(validate_wants_names_that_the_api_accepts)
{
    CHECK_OBJECT(
        VALIDATE_LINT,
        "apiVersion: argoproj.io/v1alpha1\n"
        "kind: Workflow\n"
        "metadata: {name: ../etc, generateName: A_}\n"
        "spec: {entrypoint: a, templates: [{name: a, suspend: {}}]}\n",
        "3: metadata.name: Invalid value: \"../etc\": a lowercase RFC 1123 subdomain must consist "
        "of lower case alphanumeric characters, '-' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n"
        "3: metadata.generateName: Invalid value: \"A_\": a lowercase RFC 1123 subdomain must "
        "consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n");
}

TEST(validate_refuses_other_kinds)
{
    CHECK_OBJECT(VALIDATE_LINT, "apiVersion: v1\nkind: Pod\n",
                 "1: v1 Pod is none of Argo's kinds\n");
}

TEST(validate_lets_templates_name_what_their_users_give)
{
    CHECK_OBJECT(VALIDATE_SUBMIT,
                 "apiVersion: argoproj.io/v1alpha1\n"
                 "kind: WorkflowTemplate\n"
                 "metadata: {name: t}\n"
                 "spec:\n"
                 "  arguments: {parameters: [{name: p}]}\n"
                 "  templates:\n"
                 "  - name: a\n"
                 "    inputs: {parameters: [{name: p}]}\n"
                 "    container: {image: x, args: ['{{workflow.parameters.other}}',\n"
                 "      '{{workflow.labels.l}}', '{{inputs.parameters.q}}']}\n",
                 "10: templates.a templates.a: failed to resolve {{inputs.parameters.q}}\n");
}

TEST(validate_checks_cron_workflows)
{
    CHECK_OBJECT(
        VALIDATE_LINT,
        "apiVersion: argoproj.io/v1alpha1\n"
        "kind: CronWorkflow\n"
        "metadata: {name: c}\n"
        "spec:\n"
        "  schedules: ['* * * *', '61 * * * *', '*/5 1-3 * jan mon-fri', '@hourly', '@noon',\n"
        "    '@every 1h30m', 'CRON_TZ=UTC 0 0 1 1 *', '5-1 * * * *', '*/0 * * * *']\n"
        "  concurrencyPolicy: Maybe\n"
        "  startingDeadlineSeconds: -1\n"
        "  workflowSpec: {templates: [{name: a, suspend: {}}]}\n",
        "5: cron schedule * * * * is malformed: expected exactly 5 fields, found 4\n"
        "5: cron schedule 61 * * * * is malformed: minute: '61' is not between 0 and 59\n"
        "5: cron schedule @noon is malformed: expected @yearly, @monthly, @weekly, @daily, "
        "@hourly or @every\n"
        "6: cron schedule 5-1 * * * * is malformed: minute: '5-1' runs backwards\n"
        "6: cron schedule */0 * * * * is malformed: minute: '0' is no step\n"
        "7: 'Maybe' is not a valid concurrencyPolicy\n"
        "8: startingDeadlineSeconds must be positive\n"
        "9: cannot validate Workflow: spec.entrypoint is required\n");
}

TESTS_MAIN(T_(validate_accepts_a_small_workflow), T_(validate_requires_an_entrypoint),
           T_(validate_collects_problems_of_all_templates), T_(validate_stops_at_a_wrong_shape),
           T_(validate_checks_names_of_templates), T_(validate_wants_exactly_one_body),
           T_(validate_wants_a_value_for_every_argument_when_submitting),
           T_(validate_counts_arguments_that_are_given_from_outside),
           T_(validate_wants_a_given_value_to_be_one_of_its_choices),
           T_(validate_limits_where_argument_values_come_from),
           T_(validate_checks_hooks_and_exit_handlers),
           T_(validate_gives_failures_to_exit_handlers_only),
           T_(validate_checks_pod_gc_and_retry_policies), T_(validate_limits_the_length_of_names),
           T_(validate_wants_names_that_the_api_accepts), T_(validate_refuses_other_kinds),
           T_(validate_lets_templates_name_what_their_users_give),
           T_(validate_checks_cron_workflows))
