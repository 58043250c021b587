#include "flow/argo/argo_input.h"

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"

static const char *const locations[] = {"s3",  "gcs",  "azure",       "oss",    "raw", "http",
                                        "git", "hdfs", "artifactory", "plugin", NULL};

void
argo_input_add_location(struct json_build *b, const struct json *artifact)
{
    for (size_t i = 0; locations[i] != NULL; i++)
        json_add_value(b, locations[i], json_get(artifact, locations[i]));
}

static bool
has_location(const struct json *artifact)
{
    for (size_t i = 0; locations[i] != NULL; i++) {
        if (!json_is_null(json_get(artifact, locations[i])))
            return true;
    }
    return false;
}

static const struct json *
named(const struct json *list, struct str name)
{
    return argo_artifact_named(list, name);
}

int
argo_input_config(struct argo_scope *s, const struct json *ref, char **ret, struct err *e)
{
    static const char label[] = "workflows.argoproj.io/configmap-type";
    cleanup_free char *name = NULL, *key = NULL;
    cleanup_object struct object *map = NULL;
    const struct json *value;
    bool optional = json_bool_or(json_get(ref, "optional"), false);

    if (argo_scope_text(s, json_str(json_get(ref, "name")), &name, e) < 0 ||
        argo_scope_text(s, json_str(json_get(ref, "key")), &key, e) < 0)
        return e->code;
    map = objects_find(s->run->flow->objects, s->turn, &kind_config_map, str_of(s->run->namespace),
                       str_of(name));
    if (map == NULL)
        return optional ? 0 : err_set(e, ERR_INVALID, "configmaps \"%s\" not found", name);
    if (!str_is(object_label(map, label), "Parameter"))
        return err_set(e, ERR_INVALID,
                       "ConfigMap '%s' needs to have the label %s: Parameter to load parameters",
                       name, label);
    value = json_get(object_at(map, "data"), key);
    if (value == NULL)
        return optional ? 0
                        : err_set(e, ERR_INVALID, "ConfigMap '%s' does not have the key '%s'", name,
                                  key);
    *ret = str_dup(json_str(value));
    return 0;
}

/* "x" when the whole text is the one simple tag {{x}}; else STR_NULL. */
static struct str
only_tag(struct str text)
{
    struct tag_each it = {.text = str_trim(text)};

    if (!tag_next(&it) || it.expression || it.offset != 0 || it.at != it.text.n)
        return STR_NULL;
    return it.name;
}

/* The argument's value as text, or NULL if it gives none (then a default counts). */
static int
argument_value(struct argo_scope *s, const struct json *argument, const struct json *declared,
               char **ret, struct err *e)
{
    const struct json *value = json_get(argument, "value");
    const struct json *from = json_get(argument, "valueFrom");
    struct str text = json_scalar_text(value);

    *ret = NULL;
    if (value == NULL && !json_is_null(json_get(from, "expression")))
        return argo_scope_expression(s, json_str(json_get(from, "expression")), ret, e);
    if (value == NULL && !json_is_null(json_get(from, "configMapKeyRef"))) {
        if (argo_input_config(s, json_get(from, "configMapKeyRef"), ret, e) < 0)
            return e->code;
        if (*ret == NULL && !json_is_null(json_get(from, "default")))
            *ret = str_dup(json_scalar_text(json_get(from, "default")));
        return 0;
    }
    if (value == NULL)
        return 0;
    if (json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT)
        return err_set(e, ERR_INVALID, "arguments.parameters.%.*s: value must be a text",
                       STR_ARG(json_str(json_get(argument, "name"))));
    if (argo_scope_is_absent(s, only_tag(text)) && json_get(declared, "default") != NULL)
        return 0;
    return argo_scope_text(s, text, ret, e);
}

/* `s` knows what the workflow knows: where a template stands is not where it is called. */
static int
declared_value(struct argo_scope *s, const struct json *declared, char **ret, struct err *e)
{
    const struct json *from = json_get(declared, "valueFrom");
    const struct json *value = json_get(declared, "value");

    if (value == NULL && !json_is_null(json_get(from, "configMapKeyRef"))) {
        if (argo_input_config(s, json_get(from, "configMapKeyRef"), ret, e) < 0)
            return e->code;
        if (*ret != NULL)
            return 0;
        value = json_get(from, "default");
    }
    if (value == NULL)
        value = json_get(declared, "default");
    if (value == NULL)
        value = json_get(from, "default");
    return value == NULL ? 0 : argo_scope_text_lax(s, json_scalar_text(value), ret, e);
}

/* Inputs in the making. */
struct filling {
    struct argo_scope *caller, *own;
    struct json_build b;
    bool again; /* a default has tags that only the other inputs can fill */
};

static int
fill_parameter(struct filling *f, const struct json *declared, const struct json *arguments,
               struct err *e)
{
    struct str name = json_str(json_get(declared, "name"));
    const struct json *argument = named(json_get(arguments, "parameters"), name);
    cleanup_free char *value = NULL;

    if (argument != NULL && argument_value(f->caller, argument, declared, &value, e) < 0)
        return err_wrap(e, "inputs.parameters.%.*s", STR_ARG(name));
    if (value == NULL) {
        if (declared_value(f->own, declared, &value, e) < 0)
            return err_wrap(e, "inputs.parameters.%.*s", STR_ARG(name));
        f->again = f->again || (value != NULL && tag_present(str_of(value)));
    }
    if (value == NULL)
        return err_set(e, ERR_INVALID, "inputs.parameters.%.*s had no value", STR_ARG(name));
    json_add_object(&f->b, NULL);
    json_add_str(&f->b, "name", name);
    json_add_cstr(&f->b, "value", value);
    json_end(&f->b);
    return 0;
}

/* The artifact that a `from` or fromExpression means; NULL: it is not there. */
static int
source_of(struct argo_scope *s, const struct json *argument, const struct json **ret, struct err *e)
{
    const struct json *from = json_get(argument, "from");
    struct str tag = only_tag(json_str(from));
    cleanup_free char *name = NULL;

    *ret = NULL;
    if (tag.p != NULL)
        name = str_dup(tag);
    else if (from != NULL && argo_scope_text_lax(s, json_str(from), &name, e) < 0)
        return e->code;
    if (from == NULL &&
        argo_scope_expression(s, json_str(json_get(argument, "fromExpression")), &name, e) < 0)
        return e->code;
    *ret = argo_scope_artifact(s, str_of(name));
    return 0;
}

static void
add_source(struct json_build *b, const struct json *source, struct str sub_path)
{
    const struct json *s3 = json_get(source, "s3");

    if (sub_path.n == 0 || s3 == NULL) {
        argo_input_add_location(b, source);
        return;
    }
    json_add_object(b, "s3");
    json_add_fields(b, s3, (const char *const[]){"key", NULL});
    json_add_printf(b, "key", "%.*s/%.*s", STR_ARG(json_str(json_get(s3, "key"))),
                    STR_ARG(sub_path));
    json_end(b);
}

/* The declaration's own fields, without where its content is. */
static void
add_declaration(struct json_build *b, const struct json *declared)
{
    static const char *const except[] = {
        "s3",          "gcs",    "azure",          "oss", "raw", "http", "git", "hdfs", "from",
        "artifactory", "plugin", "fromExpression", NULL};

    json_add_object(b, NULL);
    json_add_fields(b, declared, except);
}

static int
fill_artifact(struct argo_scope *s, const struct json *declared, const struct json *arguments,
              struct json_build *b, struct err *e)
{
    struct str name = json_str(json_get(declared, "name"));
    const struct json *argument = named(json_get(arguments, "artifacts"), name);
    bool optional = json_bool_or(json_get(declared, "optional"), false) ||
                    json_bool_or(json_get(argument, "optional"), false);
    cleanup_json struct json_doc *written = NULL;
    const struct json *source = NULL;

    if (argument != NULL &&
        (json_get(argument, "from") != NULL || json_get(argument, "fromExpression") != NULL)) {
        cleanup_free char *sub_path = NULL;

        if (source_of(s, argument, &source, e) < 0 ||
            argo_scope_text(s, json_str(json_get(argument, "subPath")), &sub_path, e) < 0)
            return err_wrap(e, "inputs.artifacts.%.*s", STR_ARG(name));
        if (source == NULL && optional)
            return 0;
        if (source == NULL)
            return err_set(e, ERR_INVALID,
                           "Unable to resolve: the artifact of inputs.artifacts.%.*s%s",
                           STR_ARG(name),
                           argo_scope_is_absent(s, only_tag(json_str(json_get(argument, "from"))))
                               ? " is an absent optional: its step was skipped"
                               : " is not there");
        add_declaration(b, declared);
        add_source(b, source, str_of(sub_path));
    } else if (argument != NULL && has_location(argument)) {
        if (argo_scope_json(s, argument, &written, e) < 0)
            return err_wrap(e, "inputs.artifacts.%.*s", STR_ARG(name));
        add_declaration(b, declared);
        argo_input_add_location(b, json_root(written));
    } else if (has_location(declared) || optional) {
        if (!has_location(declared))
            return 0;
        json_add_value(b, NULL, declared);
        return 0;
    } else {
        return err_set(e, ERR_INVALID, "inputs.artifacts.%.*s was not supplied", STR_ARG(name));
    }
    json_end(b);
    return 0;
}

/* What is declared may name the other inputs of its template, by now known as far as they can be.
 */
static int
fill_again(struct argo_scope *own, struct json_doc **inputs, struct err *e)
{
    struct json_doc *filled;

    argo_scope_add_inputs(own, json_root(*inputs));
    if (argo_scope_json_lax(own, json_root(*inputs), &filled, e) < 0)
        return e->code;
    json_doc_unref(*inputs);
    *inputs = filled;
    return 0;
}

static int
fill_all(struct filling *f, const struct json *inputs, const struct json *arguments, struct err *e)
{
    json_add_object(&f->b, NULL);
    if (json_count(json_get(inputs, "parameters")) != 0) {
        json_add_array(&f->b, "parameters");
        JSON_EACH (p, json_get(inputs, "parameters")) {
            if (fill_parameter(f, p.value, arguments, e) < 0)
                return e->code;
        }
        json_end(&f->b);
    }
    if (json_count(json_get(inputs, "artifacts")) != 0) {
        json_add_array(&f->b, "artifacts");
        JSON_EACH (art, json_get(inputs, "artifacts")) {
            if (fill_artifact(f->caller, art.value, arguments, &f->b, e) < 0)
                return e->code;
        }
        json_end(&f->b);
    }
    json_end(&f->b);
    return 0;
}

int
argo_input_fill(struct argo_scope *s, const struct json *tmpl, const struct json *arguments,
                struct json_doc **ret, struct err *e)
{
    const struct json *inputs = json_get(tmpl, "inputs");
    cleanup_argo_scope struct argo_scope own = ARGO_SCOPE_INIT;
    struct filling f = {.caller = s, .own = &own, .b = JSON_BUILD_INIT};

    *ret = NULL;
    if (json_count(json_get(inputs, "parameters")) + json_count(json_get(inputs, "artifacts")) == 0)
        return 0;
    argo_scope_init(&own, s->turn, s->run, NULL);
    if (fill_all(&f, inputs, arguments, e) < 0) {
        json_build_cancel(&f.b);
        return e->code;
    }
    *ret = json_build_done(&f.b);
    return f.again ? fill_again(&own, ret, e) : 0;
}
