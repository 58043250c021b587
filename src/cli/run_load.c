#include "cli/run_load.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "cli/manifest.h"
#include "cli/option.h"
#include "data/json.h"
#include "data/yaml.h"
#include "io/file.h"

enum { PARAMETERS_MAX_BYTES = 16 * 1024 * 1024 };

static const struct run_parameter *
find(const struct run_load *l, struct str name)
{
    for (size_t i = 0; i < l->parameters.n; i++) {
        if (str_is(name, l->parameters.at[i].name))
            return &l->parameters.at[i];
    }
    return NULL;
}

/* A later value takes the place of an earlier one. */
static void
set(struct run_load *l, struct str name, struct str value)
{
    struct run_parameter *p = (struct run_parameter *)(uintptr_t)find(l, name);

    if (p == NULL) {
        p = vec_grow(&l->parameters);
        p->name = str_dup(name);
    }
    free(p->value);
    p->value = str_dup(value);
}

static int
read_file_parameters(struct run_load *l, const char *path, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT, value = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;

    if (file_read(AT_FDCWD, path, PARAMETERS_MAX_BYTES, &text, e) < 0)
        return e->code;
    if (yaml_parse_one(buf_view(&text), NULL, &doc, e) < 0)
        return err_wrap(e, "%s", path);
    if (json_type(json_root(doc)) != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "%s: expected a map of parameters and values, found %s",
                       path, json_type_name(json_type(json_root(doc))));
    JSON_EACH (it, json_root(doc)) {
        if (json_type(it.value) == JSON_OBJECT || json_type(it.value) == JSON_ARRAY) {
            buf_clear(&value);
            json_write(&value, it.value);
            set(l, it.key, buf_view(&value));
        } else {
            set(l, it.key, json_scalar_text(it.value));
        }
    }
    return 0;
}

int
run_load_parameters(struct run_load *l, const struct options *options, struct err *e)
{
    const char *text;
    size_t at = 0;

    while ((text = option_next(options, "parameter-file", &at)) != NULL) {
        if (read_file_parameters(l, text, e) < 0)
            return e->code;
    }
    at = 0;
    while ((text = option_next(options, "parameter", &at)) != NULL) {
        struct str rest = str_of(text);
        struct str name = str_cut(&rest, '=');

        if (rest.p == NULL || name.n == 0)
            return err_set(e, ERR_BADREQUEST, "parameter '%s' is not of the form NAME=VALUE", text);
        set(l, name, rest);
    }
    return 0;
}

static bool
is_declared(const struct json *list, const char *name)
{
    JSON_EACH (it, list) {
        if (str_is(json_str(json_get(it.value, "name")), name))
            return true;
    }
    return false;
}

static void
add_parameters(struct json_build *b, const struct json *list, const struct run_load *l)
{
    json_add_array(b, "parameters");
    JSON_EACH (it, list) {
        const struct run_parameter *p = find(l, json_str(json_get(it.value, "name")));

        if (p == NULL) {
            json_add_value(b, NULL, it.value);
            continue;
        }
        json_add_object(b, NULL);
        json_add_fields(b, it.value, (const char *const[]){"value", "valueFrom", NULL});
        json_add_cstr(b, "value", p->value);
        json_end(b);
    }
    for (size_t i = 0; i < l->parameters.n; i++) {
        const struct run_parameter *p = &l->parameters.at[i];

        if (is_declared(list, p->name))
            continue;
        json_add_object(b, NULL);
        json_add_cstr(b, "name", p->name);
        json_add_cstr(b, "value", p->value);
        json_end(b);
    }
    json_end(b);
}

/* The fields of a spec with what is laid over them, into the object that is open. */
static void
add_spec(struct json_build *b, const struct run_load *l, const struct json *spec,
         const char *entrypoint)
{
    const struct json *arguments = json_get(spec, "arguments");

    json_add_fields(b, spec, (const char *const[]){"arguments", "entrypoint", NULL});
    if (entrypoint != NULL)
        json_add_cstr(b, "entrypoint", entrypoint);
    else
        json_add_value(b, "entrypoint", json_get(spec, "entrypoint"));
    json_add_object(b, "arguments");
    json_add_fields(b, arguments, (const char *const[]){"parameters", NULL});
    add_parameters(b, json_get(arguments, "parameters"), l);
    json_end(b);
}

struct json_doc *
run_load_adapt_spec(const struct run_load *l, const struct json *spec, const char *entrypoint)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    add_spec(&b, l, spec, entrypoint);
    json_end(&b);
    return json_build_done(&b);
}

static struct json_doc *
adapt_workflow(const struct json *root, const struct run_load *l, const char *entrypoint)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, root, (const char *const[]){"spec", "status", NULL});
    json_add_object(&b, "spec");
    add_spec(&b, l, json_get(root, "spec"), entrypoint);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
add_object(struct run_load *l, const struct manifest_object *o, const char *entrypoint,
           struct err *e)
{
    const struct kind *kind = kind_find(kinds_builtin, o->kind, o->api_version);
    struct run_object *to;

    if (kind == NULL)
        return err_set(e, ERR_INVALID, "%.*s of %.*s is not a kind of object that sluice knows",
                       STR_ARG(o->kind), STR_ARG(o->api_version));
    if (kind == &kind_workflow) {
        to = vec_grow(&l->workflows);
        to->doc = adapt_workflow(o->value, l, entrypoint);
    } else {
        to = vec_grow(&l->others);
        to->doc = json_copy(o->value);
    }
    to->kind = kind;
    return 0;
}

struct json_doc *
run_load_arguments(const struct run_load *l)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    add_parameters(&b, NULL, l);
    json_end(&b);
    return json_build_done(&b);
}

void
run_load_add_texts(const struct run_load *l, struct json_build *b)
{
    if (l->parameters.n == 0)
        return;
    json_add_array(b, "parameters");
    for (size_t i = 0; i < l->parameters.n; i++)
        json_add_printf(b, NULL, "%s=%s", l->parameters.at[i].name, l->parameters.at[i].value);
    json_end(b);
}

/* Objects alone are no run: whoever gives them only has probably named the wrong file. */
static int
no_workflow(const struct run_load *l, const struct manifest *m, struct err *e)
{
    cleanup_buf struct buf found = BUF_INIT;

    for (size_t i = 0; i < l->others.n; i++)
        buf_printf(&found, "%s %s", i == 0 ? ": there is only" : ",", l->others.at[i].kind->kind);
    return err_set(e, ERR_INVALID, "%s%s no Workflow to run%.*s",
                   m->n == 1 ? m->files[0].path : "the files", m->n == 1 ? " has" : " have",
                   (int)(found.n < 300 ? found.n : 300), buf_cstring(&found));
}

int
run_load(struct run_load *l, const struct options *options, const struct manifest *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++) {
        for (size_t k = 0; k < m->files[i].n; k++) {
            if (add_object(l, &m->files[i].objects[k], option_value(options, "entrypoint"), e) < 0)
                return err_wrap(e, "%s", m->files[i].path);
        }
    }
    return l->workflows.n == 0 ? no_workflow(l, m, e) : 0;
}

void
run_load_done(struct run_load *l)
{
    for (size_t i = 0; i < l->others.n; i++)
        json_doc_unref(l->others.at[i].doc);
    for (size_t i = 0; i < l->workflows.n; i++)
        json_doc_unref(l->workflows.at[i].doc);
    for (size_t i = 0; i < l->parameters.n; i++) {
        free(l->parameters.at[i].name);
        free(l->parameters.at[i].value);
    }
    vec_done(&l->parameters);
    vec_done(&l->others);
    vec_done(&l->workflows);
}
