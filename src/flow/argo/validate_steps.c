#include <stdio.h>

#include "data/json.h"
#include "flow/argo/validate_int.h"

static const char *const loops[] = {"withItems", "withParam", "withSequence"};

static bool
has_loop(const struct json *step, const char *field)
{
    const struct json *loop = json_get(step, field);

    return json_type(loop) == JSON_OBJECT || json_count(loop) > 0 || json_str(loop).n > 0;
}

bool
validate_is_loop(const struct json *step)
{
    for (size_t i = 0; i < ARRAY_LEN(loops); i++)
        if (has_loop(step, loops[i]))
            return true;
    return false;
}

static void
add_item(struct scope *s, const struct json *item)
{
    if (json_type(item) != JSON_OBJECT && json_type(item) != JSON_ARRAY)
        scope_add(s, "item");
    JSON_EACH (it, item) {
        if (it.key.p != NULL)
            scope_add(s, "item.%.*s", STR_ARG(it.key));
        else
            scope_add(s, "item.[%zu]", it.index);
    }
}

void
validate_add_items(struct validate *v, const struct origin *o, const struct json *step,
                   struct scope *s, const char *where)
{
    const struct json *sequence = json_get(step, "withSequence");
    int kinds = 0;

    for (size_t i = 0; i < ARRAY_LEN(loops); i++)
        kinds += has_loop(step, loops[i]);
    if (kinds > 1)
        validate_say(v, o, step,
                     "%sonly one of withItems, withParam, withSequence can be specified", where);
    JSON_EACH (it, json_get(step, "withItems"))
        add_item(s, it.value);
    if (has_loop(step, "withParam")) {
        scope_add(s, "item");
        s->any |= SCOPE_ANY_ITEM;
    }
    if (has_loop(step, "withSequence"))
        scope_add(s, "item");
    if (!json_is_null(json_get(sequence, "count")) && !json_is_null(json_get(sequence, "end")))
        validate_say(v, o, sequence, "%sonly one of count or end can be defined in withSequence",
                     where);
}

/* An inlined template is looked at on its own, in its own scope. */
static const char *const except_inline[] = {"inline", NULL};

static void
check_step(struct validate *v, const struct visit *at, const struct json *step, size_t group,
           struct scope *scope)
{
    struct str name = json_str(json_get(step, "name"));
    const char *where = validate_text(v, "templates.%.*s.steps[%zu].%.*s ", STR_ARG(at->name),
                                      group, STR_ARG(name));
    const char *prefix = validate_text(v, "steps.%.*s", STR_ARG(name));
    const struct json *hooks = json_get(step, "hooks"), *arguments = json_get(step, "arguments");
    cleanup_scope struct scope own = {.parent = scope};
    struct callee callee;

    scope_add(scope, "%s.status", prefix);
    validate_add_items(v, at->origin, step, &own, where);
    validate_arguments(v, at->origin, arguments, false,
                       validate_text(v, "templates.%.*s.steps[%zu].%.*s.arguments",
                                     STR_ARG(at->name), group, STR_ARG(name)));
    callee = validate_call(v, at->origin, step, arguments, where);
    /* Its own outputs are for its hooks. */
    if (json_count(hooks) > 0 || json_str(json_get(step, "onExit")).n > 0)
        validate_add_outputs(&own, callee.template, prefix, validate_is_loop(step));
    scope_check(v, at->origin, &own, step, except_inline,
                validate_text(v, "templates.%.*s.steps ", STR_ARG(at->name)));
    validate_hooks(v, at->origin, hooks, where);
}

/* Later groups see what a group's steps give. */
static void
add_group(struct validate *v, const struct visit *at, const struct json *group, struct scope *scope)
{
    JSON_EACH (it, group) {
        struct str name = json_str(json_get(it.value, "name"));
        struct callee callee = validate_peek(v, at->origin, it.value);

        validate_add_outputs(scope, callee.template, validate_text(v, "steps.%.*s", STR_ARG(name)),
                             validate_is_loop(it.value));
    }
}

/* All steps of a template share one space of names. */
static void
check_names(struct validate *v, const struct visit *at, const struct json *steps)
{
    struct map seen = MAP_INIT;

    JSON_EACH (group, steps)
        JSON_EACH (it, group.value) {
            const struct json *name = json_get(it.value, "name");
            const char *wrong = validate_field_name(json_str(name));

            if (json_str(name).n == 0)
                validate_say(v, at->origin, it.value, "templates.%.*s.steps[%zu].name is required",
                             STR_ARG(at->name), group.index);
            else if (wrong != NULL)
                validate_say(v, at->origin, name,
                             "templates.%.*s.steps[%zu].name '%.*s' is invalid: %s",
                             STR_ARG(at->name), group.index, STR_ARG(json_str(name)), wrong);
            else if (map_put(&seen, json_str(name), v) != NULL)
                validate_say(v, at->origin, name,
                             "templates.%.*s.steps[%zu].name '%.*s' is not unique",
                             STR_ARG(at->name), group.index, STR_ARG(json_str(name)));
        }
    map_done(&seen);
}

void
validate_steps(struct validate *v, const struct visit *at, struct scope *scope)
{
    const struct json *steps = json_get(at->template, "steps");

    check_names(v, at, steps);
    JSON_EACH (group, steps) {
        JSON_EACH (it, group.value)
            check_step(v, at, it.value, group.index, scope);
        add_group(v, at, group.value, scope);
    }
}
