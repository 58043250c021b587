#include "tests/unit/flow/validating.h"

/* One template "a" beginning at line 7. */
#define CHECK_TEMPLATE(body, want) \
    CHECK_SPEC("spec:\n  entrypoint: a\n  templates:\n  - name: a\n" body, want)

TEST(validate_paths_of_a_container_do_not_collide)
{
    CHECK_TEMPLATE(
        "    inputs: {artifacts: [{name: f, path: /f, raw: {data: x}},\n"
        "      {name: g, path: /f, raw: {data: x}}, {name: h, path: /m, raw: {data: x}},\n"
        "      {name: i, raw: {data: x}}, {name: j, path: /a/../b, raw: {data: x}}]}\n"
        "    container:\n"
        "      image: x\n"
        "      volumeMounts: [{name: v, mountPath: /m}, {name: w, mountPath: /m}]\n",
        "10: error in templates.a.inputs.artifacts.i: Artifact 'i' did not specify a "
        "path\n"
        "10: error in templates.a.inputs.artifacts.j: Artifact 'j' attempted to use a "
        "path containing '..'. Directory traversal is not permitted\n"
        "13: templates.a.container.volumeMounts[1].mountPath '/m' already mounted in "
        "container.volumeMounts.v\n"
        "9: templates.a.inputs.artifacts[1].path '/f' already mounted in "
        "inputs.artifacts.f\n"
        "9: templates.a.inputs.artifacts[2].path '/m' already mounted in "
        "container.volumeMounts.v\n");
}

TEST(validate_image_may_come_from_the_defaults)
{
    CHECK_TEMPLATE("    container: {args: [x]}\n  templateDefaults: {container: {image: x}}\n", "");
    CHECK_TEMPLATE("    container: {args: [x]}\n",
                   "8: templates.a.container.image may not be empty\n");
}

TEST(validate_leaf_limits_are_numbers)
{
    CHECK_TEMPLATE("    activeDeadlineSeconds: soon\n"
                   "    parallelism: 2\n"
                   "    container: {image: x}\n",
                   "8: templates.a.activeDeadlineSeconds must be a positive integer > 0 or an argo "
                   "variable\n"
                   "9: templates.a.parallelism is only valid for steps and dag templates\n");
    CHECK_TEMPLATE("    activeDeadlineSeconds: '{{workflow.parameters.x}}'\n"
                   "    container: {image: x}\n"
                   "  arguments: {parameters: [{name: x, value: '5'}]}\n",
                   "");
}

TEST(validate_resource_templates)
{
    CHECK_TEMPLATE("    resource: {action: paint}\n",
                   "8: templates.a.resource.action must be one of: get, create, apply, delete, "
                   "replace, patch\n"
                   "8: either templates.a.resource.manifest or templates.a.resource.manifestFrom "
                   "must be specified\n");
    CHECK_TEMPLATE(
        "    resource: {action: create, manifest: '{a: ]'}\n",
        "8: templates.a.resource.manifest must be a valid yaml: line 1 column 5: did not "
        "find expected node content while parsing a flow node, which begins on line 1\n");
    CHECK_TEMPLATE("    resource: {action: get}\n", "");
    CHECK_TEMPLATE("    resource: {action: create, manifest: '{a: {{workflow.name}}]'}\n", "");
    CHECK_TEMPLATE("    resource: {action: apply, manifestFrom: {artifact: {name: m}}}\n",
                   "8: artifact m in `manifestFrom` refer to a non-exist artifact\n");
}

TEST(validate_container_sets)
{
    CHECK_TEMPLATE("    outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}\n"
                   "    containerSet:\n"
                   "      containers:\n"
                   "      - {name: b, image: x, dependencies: [c]}\n"
                   "      - {name: c, image: x, dependencies: [b, d]}\n",
                   "11: templates.a.containerSet.containers must have a container named \"main\" "
                   "for input or output\n"
                   "12: templates.a.containerSet.containers.c dependency 'd' not defined\n"
                   "12: templates.a.containerSet.containers dependency cycle detected: c waits for "
                   "itself, or for containers that do\n");
}

TEST(validate_outputs_have_one_source_that_fits)
{
    CHECK_TEMPLATE(
        "    container: {image: x}\n"
        "    outputs:\n"
        "      parameters:\n"
        "      - {name: o}\n"
        "      - {name: p, value: 1, valueFrom: {path: /p}}\n"
        "      - {name: q, valueFrom: {default: 1}}\n"
        "      - {name: r, valueFrom: {path: /r, jsonPath: x}}\n"
        "      - {name: s, valueFrom: {parameter: x}}\n"
        "      - {name: t, globalName: 'a b', valueFrom: {path: /t}}\n"
        "      - {name: u v, valueFrom: {path: /u}}\n",
        "17: templates.a.outputs.parameters[6].name: 'u v' is invalid: Parameter/Artifact name "
        "must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1\n"
        "11: templates.a.outputs.parameters.o does not have valueFrom or value specified\n"
        "12: templates.a.outputs.parameters.p has both valueFrom and value specified. Choose one.\n"
        "13: templates.a.outputs.parameters.q valueFrom type unspecified. choose one of: path, "
        "jqFilter, jsonPath, parameter, supplied, expression\n"
        "14: templates.a.outputs.parameters.r multiple valueFrom types specified. choose one of: "
        "path, jqFilter, jsonPath, parameter, supplied, expression\n"
        "15: templates.a.outputs.parameters.s.path must be specified for Container templates\n"
        "16: templates.a.outputs.parameters.t.globalName: Parameter/Artifact name must consist of "
        "alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1\n");
}

TEST(validate_outputs_of_composed_templates_name_another_output)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - name: a\n"
               "    steps: [[{name: s, template: b}]]\n"
               "    outputs:\n"
               "      parameters:\n"
               "      - {name: o, valueFrom: {path: /o}}\n"
               "      - {name: p, valueFrom: {parameter: '{{steps.s.outputs.parameters.none}}'}}\n"
               "      - {name: q, valueFrom: {expression: 'nosuch()'}}\n"
               "  - {name: b, resource: {action: get}}\n",
               "12: templates.a.outputs failed to resolve {{steps.s.outputs.parameters.none}}\n"
               "11: templates.a.outputs.parameters.o.parameter or expression must be specified for "
               "Steps templates\n"
               "13: templates.a.outputs.parameters.q.valueFrom.expression 'nosuch()': unknown "
               "function nosuch (1:1)\n");
}

TEST(validate_global_outputs_are_seen_by_all)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - {name: a, container: {image: x, args: ['{{workflow.outputs.parameters.g}}',\n"
               "      '{{workflow.outputs.parameters.h}}']}}\n"
               "  - {name: b, container: {image: x}, outputs: {parameters:\n"
               "      [{name: o, globalName: g, valueFrom: {path: /o}}]}}\n",
               "8: templates.a: failed to resolve {{workflow.outputs.parameters.h}}\n");
}

TEST(validate_metrics_and_init_containers)
{
    CHECK_TEMPLATE("    container: {image: x}\n"
                   "    initContainers: [{image: x}]\n"
                   "    metrics: {prometheus: [{name: a-b, help: h, counter: {value: '1'}},\n"
                   "      {name: c, gauge: {realtime: true}}]}\n",
                   "9: initContainers must all have container name\n"
                   "10: templates.a metric name 'a-b' is invalid. Metric names must contain "
                   "alphanumeric characters or '_'\n"
                   "11: templates.a metric 'c' must contain a help string under 'help: ' field\n"
                   "11: templates.a metric 'c' error: missing gauge.value\n");
}

TEST(validate_retries_give_their_variables)
{
    CHECK_TEMPLATE("    container: {image: x, args: ['{{pod.name}} {{retries}}']}\n"
                   "    retryStrategy: {limit: 2, expression: 'asInt(retries) <'}\n",
                   "9: templates.a.retryStrategy.expression expression 'asInt(retries) <': "
                   "unexpected end of expression (1:17)\n");
}

TESTS_MAIN(T_(validate_paths_of_a_container_do_not_collide),
           T_(validate_image_may_come_from_the_defaults), T_(validate_leaf_limits_are_numbers),
           T_(validate_resource_templates), T_(validate_container_sets),
           T_(validate_outputs_have_one_source_that_fits),
           T_(validate_outputs_of_composed_templates_name_another_output),
           T_(validate_global_outputs_are_seen_by_all), T_(validate_metrics_and_init_containers),
           T_(validate_retries_give_their_variables))
