#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/validate_int.h"

/* A chain of callers longer than this is shown by its end. */
enum { PREFIX_MAX_BYTES = 400 };

/* Any address that is no value will do: it is compared, never read. */
static const char unknown_arguments;
const struct json *const validate_unknown_arguments =
    (const struct json *)(const void *)&unknown_arguments;

struct origin *
validate_origin(struct validate *v, const char *key, const struct json *spec, bool local)
{
    struct origin *o = ARENA_NEW(&v->arena, struct origin);

    *o = (struct origin){
        .next = v->origins, .key = arena_strdup(&v->arena, key), .spec = spec, .local = local};
    v->origins = o;
    JSON_EACH (it, json_get(spec, "templates")) {
        struct str name = json_str(json_get(it.value, "name"));

        if (name.n > 0 && map_get(&o->templates, name) == NULL)
            map_put(&o->templates, name, (void *)(uintptr_t)it.value);
    }
    return o;
}

struct origin *
validate_fetch(struct validate *v, bool cluster, struct str name)
{
    const struct validate_options *options = v->options;
    const char *key = validate_text(v, "%c/%.*s", cluster ? 'c' : 'n', STR_ARG(name));
    const struct json *object;

    for (struct origin *o = v->origins; o != NULL; o = o->next)
        if (str_is(str_of(o->key), key))
            return o;
    object = options->fetch != NULL ? options->fetch(options->fetch_arg, cluster, name) : NULL;
    return object != NULL ? validate_origin(v, key, json_get(object, "spec"), false) : NULL;
}

static const char *
joined_prefix(struct validate *v, const char *where)
{
    if (strlen(v->prefix) + strlen(where) > PREFIX_MAX_BYTES)
        return validate_text(v, "... %s", where);
    return validate_text(v, "%s%s", v->prefix, where);
}

static void
queue(struct validate *v, struct origin *o, const struct json *template, const char *where)
{
    if (map_put_u64(&v->seen, (uint64_t)(uintptr_t) template, o) != NULL)
        return;
    vec_push(&v->queue, ((struct visit){.template = template,
                                        .origin = o,
                                        .name = json_str(json_get(template, "name")),
                                        .body = validate_body(template, NULL),
                                        .prefix = joined_prefix(v, where)}));
}

struct map
validate_name_set(const struct json *list)
{
    struct map names = MAP_INIT;

    JSON_EACH (it, list)
        map_put(&names, json_str(json_get(it.value, "name")), (void *)(uintptr_t)it.value);
    return names;
}

/* An argument without a value is reported where it stands, unless it may lack one. */
static bool
parameter_supplied(const struct json *parameter, const struct map *arguments)
{
    return map_get(arguments, json_str(json_get(parameter, "name"))) != NULL ||
           !json_is_null(json_get(parameter, "value")) ||
           !json_is_null(json_get(parameter, "default")) ||
           !json_is_null(json_get(parameter, "valueFrom"));
}

static bool
artifact_supplied(const struct json *artifact, const struct map *arguments)
{
    return map_get(arguments, json_str(json_get(artifact, "name"))) != NULL ||
           json_bool_or(json_get(artifact, "optional"), false) || validate_has_location(artifact);
}

static void
check_inputs(struct validate *v, const struct origin *o, const struct json *at,
             const struct json *template, const struct json *arguments, const char *where)
{
    const struct json *inputs = json_get(template, "inputs");
    struct str name = json_str(json_get(template, "name"));
    struct map parameters, artifacts;

    if (arguments == validate_unknown_arguments || json_count(inputs) == 0)
        return;
    parameters = validate_name_set(json_get(arguments, "parameters"));
    artifacts = validate_name_set(json_get(arguments, "artifacts"));
    JSON_EACH (it, json_get(inputs, "parameters"))
        if (!parameter_supplied(it.value, &parameters))
            validate_say(v, o, at, "%stemplates.%.*s inputs.parameters.%.*s was not supplied",
                         where, STR_ARG(name), STR_ARG(json_str(json_get(it.value, "name"))));
    JSON_EACH (it, json_get(inputs, "artifacts"))
        if (!artifact_supplied(it.value, &artifacts))
            validate_say(v, o, at, "%stemplates.%.*s inputs.artifacts.%.*s was not supplied", where,
                         STR_ARG(name), STR_ARG(json_str(json_get(it.value, "name"))));
    map_done(&parameters);
    map_done(&artifacts);
}

static struct callee
call(struct validate *v, const struct origin *caller, const struct json *at,
     const struct json *arguments, struct callee to, const char *where)
{
    check_inputs(v, caller, at, to.template, arguments, where);
    queue(v, to.origin, to.template, where);
    return to;
}

struct callee
validate_call_name(struct validate *v, struct origin *o, struct str name, const struct json *at,
                   const struct json *arguments, const char *where)
{
    struct callee to = {.template = map_get(&o->templates, name), .origin = o};

    if (to.template == NULL) {
        if (!tag_present(name))
            validate_say(v, v->root, at, "%stemplate name '%.*s' undefined", where, STR_ARG(name));
        return to;
    }
    return call(v, v->root, at, arguments, to, where);
}

static struct callee
call_reference(struct validate *v, struct origin *o, const struct json *reference,
               const struct json *at, const struct json *arguments, const char *where)
{
    struct str name = json_str(json_get(reference, "name"));
    struct str template = json_str(json_get(reference, "template"));
    bool cluster = json_bool_or(json_get(reference, "clusterScope"), false);
    const char *kind = cluster ? "cluster workflow template" : "workflow template";
    struct callee to = {.template = NULL};

    if (name.n == 0)
        validate_say(v, o, reference, "%sresource name is required", where);
    else if (template.n == 0)
        validate_say(v, o, reference, "%stemplate name is required", where);
    if (name.n == 0 || template.n == 0 || tag_present(name) || tag_present(template))
        return to;
    to.origin = validate_fetch(v, cluster, name);
    if (to.origin == NULL && v->options->skip_unfetched) {
        validate_warn(v, o, reference, "%s%s %.*s is not at hand: the call is not checked", where,
                      kind, STR_ARG(name));
        return to;
    }
    if (to.origin != NULL)
        to.template = map_get(&to.origin->templates, template);
    if (to.origin == NULL)
        validate_say(v, o, reference, "%stemplate reference %.*s.%.*s not found: %s %.*s not found",
                     where, STR_ARG(name), STR_ARG(template), kind, STR_ARG(name));
    else if (to.template == NULL)
        validate_say(v, o, reference,
                     "%stemplate reference %.*s.%.*s not found: template %.*s not found in %s %.*s",
                     where, STR_ARG(name), STR_ARG(template), STR_ARG(template), kind,
                     STR_ARG(name));
    else
        return call(v, o, at, arguments, to, where);
    return to;
}

struct callee
validate_call(struct validate *v, struct origin *o, const struct json *holder,
              const struct json *arguments, const char *where)
{
    const struct json *reference = json_get(holder, "templateRef");
    const struct json *inlined = json_get(holder, "inline");
    struct str name = json_str(json_get(holder, "template"));
    int ways = (name.n > 0) + !json_is_null(reference) + !json_is_null(inlined);
    struct callee to = {.template = map_get(&o->templates, name), .origin = o};

    if (name.n > 0 && !json_is_null(reference)) {
        validate_say(v, o, holder, "%stemplate name cannot be specified with templateRef.", where);
        return (struct callee){NULL, NULL};
    }
    if (ways != 1) {
        validate_say(v, o, holder, "%sone of template, templateRef or inline must be specified%s",
                     where, ways > 1 ? ", and only one" : "");
        return (struct callee){NULL, NULL};
    }
    if (!json_is_null(reference))
        return call_reference(v, o, reference, holder, arguments, where);
    if (!json_is_null(inlined)) {
        to.template = inlined;
    } else if (to.template == NULL) {
        if (!tag_present(name))
            validate_say(v, o, json_get(holder, "template"), "%stemplate name '%.*s' undefined",
                         where, STR_ARG(name));
        return to;
    }
    return call(v, o, holder, arguments, to, where);
}

struct callee
validate_peek(struct validate *v, struct origin *o, const struct json *holder)
{
    const struct json *reference = json_get(holder, "templateRef");
    const struct json *inlined = json_get(holder, "inline");
    struct callee to = {.template = NULL, .origin = o};

    if (!json_is_null(reference)) {
        to.origin = validate_fetch(v, json_bool_or(json_get(reference, "clusterScope"), false),
                                   json_str(json_get(reference, "name")));
        if (to.origin != NULL)
            to.template = map_get(&to.origin->templates, json_str(json_get(reference, "template")));
    } else if (!json_is_null(inlined)) {
        to.template = inlined;
    } else {
        to.template = map_get(&o->templates, json_str(json_get(holder, "template")));
    }
    return to;
}

void
validate_hooks(struct validate *v, struct origin *o, const struct json *hooks, const char *where)
{
    JSON_EACH (it, hooks) {
        const char *here = validate_text(v, "%shooks.%.*s ", where, STR_ARG(it.key));
        const struct json *expression = json_get(it.value, "expression");

        if (!str_is(it.key, "exit") && json_str(expression).n == 0)
            validate_say(v, o, it.value, "%sExpression required", here);
        scope_check_expression(v, o, expression, here);
        validate_call(v, o, it.value, json_get(it.value, "arguments"), here);
    }
}

void
validate_drain(struct validate *v)
{
    while (v->next < v->queue.n) {
        /* The queue may move while the template is looked at. */
        struct visit at = v->queue.at[v->next++];
        const char *before = v->prefix;

        v->prefix = at.prefix;
        validate_template(v, &at);
        v->prefix = before;
    }
}
