#include "tests/unit/flow/validating.h"

#define LEAVES \
    "  - {name: gen, script: {image: x, source: z},\n" \
    "     outputs: {parameters: [{name: o, valueFrom: {path: /o}}],\n" \
    "       artifacts: [{name: f, path: /f}]}}\n" \
    "  - {name: use, inputs: {parameters: [{name: m}]}, container: {image: x}}\n"

/* Tasks begin at line 12. */
#define CHECK_TASKS(tasks, want) \
    CHECK_SPEC("spec:\n  entrypoint: main\n  templates:\n" LEAVES \
               "  - name: main\n    dag:\n      tasks:\n" tasks, \
               want)

/* Steps begin at line 12. */
#define CHECK_STEPS(steps, want) \
    CHECK_SPEC("spec:\n  entrypoint: main\n  templates:\n" LEAVES \
               "  - name: main\n    inputs: {parameters: [{name: in, value: v}]}\n" \
               "    steps:\n" steps, \
               want)

TEST(validate_dag_knows_its_dependencies)
{
    CHECK_TASKS("      - {name: a, template: gen}\n"
                "      - {name: b, template: gen, depends: 'a.Succeeded && nobody'}\n"
                "      - {name: c, template: gen, depends: 'a.Done'}\n"
                "      - {name: d, template: gen, depends: 'a.AnySucceeded'}\n"
                "      - {name: e, template: gen, depends: 'a &'}\n",
                "15: templates.main.tasks.b dependency 'nobody' not defined\n"
                "16: templates.main.tasks.c task result 'Done' for task 'a' is invalid: expected "
                "Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded or "
                "AllFailed\n"
                "17: templates.main.tasks.d dependency 'a' uses an items-based condition such as "
                ".AnySucceeded or .AllFailed but does not contain any items\n"
                "18: templates.main.tasks.e depends 'a &': expected '&&', '||' or the end at "
                "character 3, not '&'\n");
}

TEST(validate_dag_uses_one_style_of_dependencies)
{
    CHECK_TASKS("      - {name: a, template: gen, continueOn: {failed: true}}\n"
                "      - {name: 1b, template: gen, dependencies: [a]}\n"
                "      - {name: c, template: gen, depends: a}\n",
                "14: templates.main cannot use 'continueOn' when using 'depends'. Instead use "
                "'dep-task.Failed'/'dep-task.Errored'\n"
                "15: templates.main.tasks.1b name cannot begin with a digit when using either "
                "'depends' or 'dependencies'\n"
                "15: templates.main cannot use both 'depends' and 'dependencies' in the same DAG "
                "template\n");
}

TEST(validate_dag_finds_cycles)
{
    CHECK_TASKS("      - {name: a, template: gen, dependencies: [c]}\n"
                "      - {name: b, template: gen, dependencies: [a]}\n"
                "      - {name: c, template: gen, dependencies: [b]}\n",
                "14: templates.main.tasks dependency cycle detected: a->c->b->a\n");
    CHECK_TASKS("      - {name: a, template: gen, depends: a}\n",
                "14: templates.main.tasks dependency cycle detected: a->a\n");
}

TEST(validate_dag_lets_a_task_see_what_it_depends_on)
{
    CHECK_TASKS(
        "      - {name: a, template: gen}\n"
        "      - {name: b, template: gen, dependencies: [a]}\n"
        "      - {name: c, template: use, dependencies: [b], when: '{{tasks.a.status}} == x',\n"
        "         arguments: {parameters: [{name: m, value: '{{tasks.a.outputs.result}}'}]}}\n"
        "      - {name: d, template: use, when: '{{tasks.a.status}} == x',\n"
        "         arguments: {parameters: [{name: m, value: "
        "'{{tasks.b.outputs.parameters.o}}'}]}}\n"
        "      - {name: e, template: use, dependencies: [a],\n"
        "         arguments: {parameters: [{name: m, value: "
        "'{{tasks.a.outputs.parameters.n}}'}]}}\n",
        "18: templates.main.tasks.d failed to resolve {{tasks.a.status}}\n"
        "19: templates.main.tasks.d missing dependency 'b' for parameter 'm'\n"
        "21: templates.main.tasks.e failed to resolve {{tasks.a.outputs.parameters.n}}\n");
}

TEST(validate_dag_checks_targets_and_wants_a_task)
{
    CHECK_SPEC("spec:\n"
               "  entrypoint: a\n"
               "  templates:\n"
               "  - {name: a, dag: {target: 't u', tasks: [{name: t, template: b}]}}\n"
               "  - {name: b, suspend: {}}\n"
               "  - {name: c, dag: {tasks: []}}\n",
               "7: templates.a.targets: target 'u' is not defined\n"
               "9: templates.c templates.c must have at least one task\n");
}

TEST(validate_dag_takes_long_chains)
{
    cleanup_buf struct buf yaml = BUF_INIT;
    const struct validate_options options = {.mode = VALIDATE_SUBMIT};
    cleanup_free char *got = NULL;

    buf_cstr(&yaml, WORKFLOW "spec:\n  entrypoint: m\n  templates:\n  - {name: s, suspend: {}}\n"
                             "  - name: m\n    dag:\n      tasks:\n"
                             "      - {name: t0, template: s, dependencies: [t4999]}\n");
    for (int i = 1; i < 5000; i++)
        buf_printf(&yaml, "      - {name: t%d, template: s, dependencies: [t%d]}\n", i, i - 1);
    got = validate_yaml_with(buf_cstring(&yaml), &options);
    CHECK_CONTAINS(got, "templates.m.tasks dependency cycle detected: t0->t4999->t4998->");
    CHECK_TRUE(strlen(got) < 500);
}

TEST(validate_steps_see_the_groups_before_them)
{
    CHECK_STEPS(
        "    - - {name: a, template: gen}\n"
        "    - - {name: b, template: use, when: '{{steps.a.status}} == x',\n"
        "         arguments: {parameters: [{name: m, value: "
        "'{{steps.a.outputs.parameters.o}}'}]}}\n"
        "    - - {name: c, template: use,\n"
        "         arguments: {parameters: [{name: m, value: '{{steps.d.outputs.result}}'}]}}\n"
        "    - - {name: d, template: gen}\n",
        "18: templates.main.steps failed to resolve {{steps.d.outputs.result}}\n");
}

TEST(validate_steps_have_names_of_their_own)
{
    CHECK_STEPS("    - - {name: a, template: gen}\n"
                "    - - {name: a, template: gen}\n"
                "      - {template: gen}\n"
                "      - {name: 'b c', template: gen}\n",
                "15: templates.main.steps[1].name 'a' is not unique\n"
                "16: templates.main.steps[1].name is required\n"
                "17: templates.main.steps[1].name 'b c' is invalid: name must consist of "
                "alpha-numeric characters or '-', and must start with an alpha-numeric character "
                "(e.g. My-name1-2, 123-NAME)\n");
}

TEST(validate_loops_give_items)
{
    CHECK_STEPS(
        "    - - {name: a, template: use, withItems: [{x: 1, w: 2}],\n"
        "         arguments: {parameters: [{name: m, value: '{{item.x}}{{item.z}}'}]}}\n"
        "      - {name: b, template: use, withParam: '[]',\n"
        "         arguments: {parameters: [{name: m, value: '{{item.anything}}'}]}}\n"
        "      - {name: c, template: use, withItems: [1], withSequence: {count: 1, end: 2},\n"
        "         arguments: {parameters: [{name: m, value: '{{item}}'}]}}\n"
        "    - - {name: d, template: use, arguments: {parameters: [{name: m,\n"
        "         value: '{{steps.a.outputs.parameters}}{{item.x}}'}]}}\n",
        "15: templates.main.steps failed to resolve {{item.z}}\n"
        "18: templates.main.steps[0].c only one of withItems, withParam, withSequence can be "
        "specified\n"
        "18: templates.main.steps[0].c only one of count or end can be defined in withSequence\n"
        "21: templates.main.steps failed to resolve {{item.x}}\n");
}

TEST(validate_expressions_must_compile)
{
    CHECK_STEPS("    - - {name: a, template: use, arguments: {parameters: [{name: m,\n"
                "         value: '{{=inputs.parameters.in + nosuch(1)}} {{=1 +}}'}]}}\n",
                "15: templates.main.steps expression 'inputs.parameters.in + nosuch(1)': unknown "
                "function nosuch (1:24)\n"
                "15: templates.main.steps expression '1 +': unexpected end of expression (1:4)\n");
}

TEST(validate_composed_templates_have_limits_of_their_own)
{
    CHECK_SPEC(
        "spec:\n"
        "  entrypoint: a\n"
        "  templates:\n"
        "  - {name: a, activeDeadlineSeconds: 5, timeout: 1m, steps: [],\n"
        "     inputs: {artifacts: [{name: f, path: /f}]},\n"
        "     outputs: {artifacts: [{name: g, path: /g}]}}\n",
        "5: templates.a inputs.artifacts.f was not supplied\n"
        "8: templates.a.inputs.artifacts.f.path only valid in container/script templates\n"
        "7: Steps template doesn't support timeout field.\n"
        "7: templates.a.activeDeadlineSeconds is only valid for leaf templates\n"
        "9: templates.a.outputs.artifacts.g.path only valid in container/script templates\n");
}

TESTS_MAIN(T_(validate_dag_knows_its_dependencies), T_(validate_dag_uses_one_style_of_dependencies),
           T_(validate_dag_finds_cycles), T_(validate_dag_lets_a_task_see_what_it_depends_on),
           T_(validate_dag_checks_targets_and_wants_a_task), T_(validate_dag_takes_long_chains),
           T_(validate_steps_see_the_groups_before_them),
           T_(validate_steps_have_names_of_their_own), T_(validate_loops_give_items),
           T_(validate_expressions_must_compile),
           T_(validate_composed_templates_have_limits_of_their_own))
