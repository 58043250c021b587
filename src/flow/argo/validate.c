/*
 * validate - the object as a whole: what is around its templates.
 */
#include "flow/argo/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/validate_int.h"
#include "schema/check.h"
#include "schema/names.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/selector.h"

enum { WORKFLOW_NAME_MAX = 63 };

__attribute__((format(printf, 5, 0))) static void
say(struct validate *v, enum problem_kind kind, const struct origin *o, const struct json *at,
    const char *fmt, va_list ap)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_cstr(&text, v->prefix);
    buf_vprintf(&text, fmt, ap);
    problems_add(v->problems, kind, o == NULL || o->local ? v->doc : NULL, at, "%s",
                 buf_cstring(&text));
}

void
validate_say(struct validate *v, const struct origin *o, const struct json *at, const char *fmt,
             ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(v, PROBLEM_INVALID, o, at, fmt, ap);
    va_end(ap);
}

void
validate_warn(struct validate *v, const struct origin *o, const struct json *at, const char *fmt,
              ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(v, PROBLEM_WARNING, o, at, fmt, ap);
    va_end(ap);
}

const char *
validate_text(struct validate *v, const char *fmt, ...)
{
    cleanup_buf struct buf text = BUF_INIT;
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    return arena_strdup(&v->arena, buf_cstring(&text));
}

static void
check_pod_gc(struct validate *v, const struct json *gc)
{
    static const char *const strategies[] = {"", "OnPodCompletion", "OnPodSuccess",
                                             "OnWorkflowCompletion", "OnWorkflowSuccess"};
    struct str strategy = json_str(json_get(gc, "strategy"));
    cleanup_selector struct selector *selector = NULL;
    struct err e = ERR_INIT;
    bool known = strategy.n == 0;

    for (size_t i = 0; i < ARRAY_LEN(strategies); i++)
        known |= str_is(strategy, strategies[i]);
    if (!known)
        validate_say(v, v->root, gc, "podGC.strategy unknown strategy '%.*s'", STR_ARG(strategy));
    if (selector_from_json(json_get(gc, "labelSelector"), &selector, &e) < 0)
        validate_say(v, v->root, json_get(gc, "labelSelector"), "podGC.labelSelector invalid: %s",
                     e.msg);
}

/* The spec that a workflowTemplateRef names, or NULL. */
static struct origin *
referred_spec(struct validate *v, const struct json *spec)
{
    const struct json *reference = json_get(spec, "workflowTemplateRef");
    struct str name = json_str(json_get(reference, "name"));
    bool cluster = json_bool_or(json_get(reference, "clusterScope"), false);
    const char *kind = cluster ? "cluster workflow template" : "workflow template";
    struct origin *o;

    if (json_count(json_get(spec, "templates")) > 0)
        validate_say(v, v->root, json_get(spec, "templates"),
                     "Templates is invalid field in spec if workflow referred WorkflowTemplate "
                     "reference");
    if (name.n == 0) {
        validate_say(v, v->root, reference, "spec.workflowTemplateRef.name is required");
        return NULL;
    }
    o = validate_fetch(v, cluster, name);
    if (o == NULL && v->options->skip_unfetched)
        validate_warn(v, v->root, reference,
                      "%s %.*s is not at hand: its templates are not checked", kind, STR_ARG(name));
    else if (o == NULL)
        validate_say(v, v->root, reference, "%s %.*s not found", kind, STR_ARG(name));
    return o;
}

/* A field of the spec, or of the one it refers to. */
static const struct json *
spec_field(const struct json *spec, const struct origin *base, const char *field)
{
    const struct json *own = json_get(spec, field);

    return !json_is_null(own) || base == NULL ? own : json_get(base->spec, field);
}

static const char *const argument_lists[] = {"parameters", "artifacts"};

/* The items of `more` whose names `first` does not have, behind those of `first` if `both`. */
static const struct json *
put_together(struct validate *v, const struct json *first, const struct json *more, bool both)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(argument_lists); i++) {
        const struct json *list = json_get(first, argument_lists[i]);
        cleanup_map struct map names = validate_name_set(list);

        json_add_array(&b, argument_lists[i]);
        if (both)
            JSON_EACH (it, list)
                json_add_value(&b, NULL, it.value);
        JSON_EACH (it, json_get(more, argument_lists[i]))
            if (map_get(&names, json_str(json_get(it.value, "name"))) == NULL)
                json_add_value(&b, NULL, it.value);
        json_end(&b);
    }
    json_end(&b);
    vec_push(&v->docs, json_build_done(&b));
    return json_root(vec_last(&v->docs));
}

/* Checks what the spec, the template object that it refers to and the caller say, and gives all of
 * it. */
static const struct json *
check_arguments(struct validate *v, const struct json *spec, const struct origin *base,
                bool allow_empty, const char *where)
{
    const struct json *all = json_get(spec, "arguments");

    v->given = v->options->given;
    validate_arguments(v, v->root, all, allow_empty, where);
    if (base != NULL && base != v->root) {
        const struct json *theirs = json_get(base->spec, "arguments");

        validate_arguments(v, base, put_together(v, all, theirs, false), allow_empty, where);
        all = put_together(v, all, theirs, true);
    }
    if (v->given != NULL)
        all = put_together(v, all, v->given, true);
    v->given = NULL;
    return all;
}

static void
enter(struct validate *v, struct origin *base, const struct json *spec, const char *field,
      const struct json *arguments)
{
    const struct json *name = spec_field(spec, base, field);

    if (json_str(name).n > 0)
        validate_call_name(v, base, json_str(name), json_get(spec, field) != NULL ? name : spec,
                           arguments, "");
    validate_drain(v);
}

static void
walk_templates(struct validate *v, struct origin *base, const struct json *spec, bool template,
               const struct json *arguments)
{
    const struct json *entrypoint = spec_field(spec, base, "entrypoint");

    /* Whoever runs it gives what is missing. */
    if (template || v->options->mode == VALIDATE_LINT)
        arguments = validate_unknown_arguments;
    if (json_str(entrypoint).n == 0 && !template && !v->options->ignore_entrypoint)
        validate_say(v, v->root, spec, "spec.entrypoint is required");
    if (!v->options->ignore_entrypoint)
        enter(v, base, spec, "entrypoint", arguments);
    scope_add(&v->globals, "workflow.failures");
    enter(v, base, spec, "onExit", arguments);
    validate_hooks(v, base, spec_field(spec, base, "hooks"), "");
    validate_drain(v);
    JSON_EACH (it, json_get(base->spec, "templates")) {
        struct str name = json_str(json_get(it.value, "name"));

        if (map_get(&base->templates, name) != it.value)
            continue;
        validate_call_name(v, base, name, base->local ? it.value : spec, validate_unknown_arguments,
                           validate_text(v, "templates.%.*s ", STR_ARG(name)));
        validate_drain(v);
    }
}

/* A WorkflowSpec.  `template`: it is to be used by others, who give the rest. */
static void
validate_spec(struct validate *v, const struct json *spec, const struct json *metadata,
              bool template, const char *where)
{
    struct origin *base;
    const struct json *arguments;
    bool reference = !json_is_null(json_get(spec, "workflowTemplateRef"));
    bool allow_empty = template || v->options->mode == VALIDATE_LINT;

    validate_add_globals(v, metadata);
    validate_add_spec(v, spec);
    if (template)
        v->globals.any |= SCOPE_ANY_WORKFLOW_PARAMETER | SCOPE_ANY_WORKFLOW_METADATA;
    v->root = validate_origin(v, "", spec, true);
    base = reference ? referred_spec(v, spec) : v->root;
    if (base != NULL && base != v->root)
        validate_add_spec(v, base->spec);
    validate_names(v, v->root, json_get(spec, "templates"), false,
                   validate_text(v, "%s.templates", where));
    arguments =
        check_arguments(v, spec, base, allow_empty, validate_text(v, "%s.arguments", where));
    validate_add_parameters(v, json_get(v->options->given, "parameters"));
    check_pod_gc(v, json_get(spec, "podGC"));
    if (base == NULL)
        return;
    walk_templates(v, base, spec, template, arguments);
}

/* What the server appends is a letter or digit each, so one stands for all.  Upper case passes:
 * upstream has such examples, and whoever makes the name turns it into lower case. */
static void
check_generate_name(struct validate *v, const struct json *prefix)
{
    cleanup_buf struct buf name = BUF_INIT;
    const char *wrong;

    if (json_str(prefix).n == 0)
        return;
    buf_str(&name, json_str(prefix));
    buf_char(&name, 'x');
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] >= 'A' && name.p[i] <= 'Z')
            name.p[i] = (char)(name.p[i] + ('a' - 'A'));
    wrong = names_check(NAMES_SUBDOMAIN, buf_view(&name));
    if (wrong != NULL)
        validate_say(v, NULL, prefix, "metadata.generateName: Invalid value: \"%.*s\": %s",
                     STR_ARG(json_str(prefix)), wrong);
}

static void
check_name(struct validate *v, const struct json *object, const char *kind, size_t limit)
{
    const struct json *name = json_at_path(object, "metadata.name");

    if (json_str(name).n > limit)
        validate_say(v, NULL, name,
                     "%s name \"%.*s\" must not be more than %zu characters long (currently %zu)",
                     kind, STR_ARG(json_str(name)), limit, json_str(name).n);
    else if (json_str(name).n > 0 && names_check(NAMES_SUBDOMAIN, json_str(name)) != NULL)
        validate_say(v, NULL, name, "metadata.name: Invalid value: \"%.*s\": %s",
                     STR_ARG(json_str(name)), names_check(NAMES_SUBDOMAIN, json_str(name)));
    check_generate_name(v, json_at_path(object, "metadata.generateName"));
}

/* Whoever decodes a manifest strictly upstream says it in these words, without the way to the
 * field.
 */
static void
say_unknown(struct problem *p)
{
    struct str field = str_of(p->path);

    for (size_t i = field.n; i > 0 && field.n == strlen(p->path); i--)
        if (field.p[i - 1] == '.')
            field = str_slice(field, i, field.n);
    free(p->text);
    p->text = xasprintf("error unmarshaling JSON: while decoding JSON: json: unknown field "
                        "\"%.*s\" (%s)",
                        STR_ARG(field), p->path);
}

/* Checks the shape; false if the meaning of it cannot be looked at. */
static bool
check_shape(struct validate *v, const struct schema *schema, const struct json *object)
{
    unsigned flags = CHECK_IGNORE_REQUIRED;
    size_t before = v->problems->n;
    bool sound = true;

    if (v->options->skip_shape)
        return true;
    if (v->options->allow_unknown)
        flags |= CHECK_IGNORE_UNKNOWN;
    check_value(schema, v->doc, object, flags, v->problems);
    for (size_t i = before; i < v->problems->n; i++) {
        sound &= v->problems->at[i].kind != PROBLEM_TYPE;
        if (v->problems->at[i].kind == PROBLEM_UNKNOWN_FIELD)
            say_unknown(&v->problems->at[i]);
    }
    return sound;
}

static void
validate_one(struct validate *v, const struct json *object)
{
    struct str version = json_str(json_get(object, "apiVersion"));
    struct str kind = json_str(json_get(object, "kind"));
    const struct schema *schema = schema_lookup(version, kind);
    const struct json *spec = json_get(object, "spec"), *metadata = json_get(object, "metadata");
    bool sound;

    if (schema == NULL || !str_is(version, "argoproj.io/v1alpha1")) {
        validate_say(v, NULL, object, "%.*s %.*s is none of Argo's kinds", STR_ARG(version),
                     STR_ARG(kind));
        return;
    }
    sound = check_shape(v, schema, object);
    if (str_is(kind, "CronWorkflow")) {
        check_name(v, object, "cron workflow", 52);
        validate_cron(v, object);
        v->prefix = "cannot validate Workflow: ";
        if (sound)
            validate_spec(v, json_get(spec, "workflowSpec"), json_get(spec, "workflowMetadata"),
                          false, "spec");
    } else if (str_is(kind, "Workflow")) {
        check_name(v, object, "workflow", WORKFLOW_NAME_MAX);
        if (sound)
            validate_spec(v, spec, metadata, false, "spec");
    } else if (str_is(kind, "WorkflowTemplate") || str_is(kind, "ClusterWorkflowTemplate")) {
        check_name(v, object,
                   str_is(kind, "WorkflowTemplate") ? "workflow template"
                                                    : "cluster workflow template",
                   WORKFLOW_NAME_MAX);
        if (sound)
            validate_spec(v, spec, metadata, true, "spec");
    }
}

void
validate_object(const struct json_doc *doc, const struct json *object,
                const struct validate_options *options, struct problems *ps)
{
    struct validate v = {
        .options = options, .problems = ps, .doc = doc, .prefix = "", .arena = ARENA_INIT};

    validate_one(&v, object);
    for (struct origin *o = v.origins; o != NULL; o = o->next)
        map_done(&o->templates);
    vec_done(&v.queue);
    map_done(&v.seen);
    scope_done(&v.globals);
    for (size_t i = 0; i < v.docs.n; i++)
        json_doc_unref(v.docs.at[i]);
    vec_done(&v.docs);
    arena_done(&v.arena);
}
