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

/* Parameters in the order in which they were given; later ones count. */
struct parameter {
    char *name, *value;
};

typedef VEC(struct parameter) parameters;

static void
parameters_done(parameters *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        free(ps->at[i].name);
        free(ps->at[i].value);
    }
    vec_done(ps);
}

static void
set(parameters *ps, struct str name, struct str value)
{
    struct parameter *p = NULL;

    for (size_t i = 0; i < ps->n; i++) {
        if (str_is(name, ps->at[i].name))
            p = &ps->at[i];
    }
    if (p == NULL) {
        p = vec_grow(ps);
        p->name = str_dup(name);
    }
    free(p->value);
    p->value = str_dup(value);
}

static int
read_file_parameters(const char *path, parameters *ps, struct err *e)
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
            set(ps, it.key, buf_view(&value));
        } else {
            set(ps, it.key, json_scalar_text(it.value));
        }
    }
    return 0;
}

static int
read_parameters(const struct options *options, parameters *ps, struct err *e)
{
    const char *text;
    size_t at = 0;

    while ((text = option_next(options, "parameter-file", &at)) != NULL) {
        if (read_file_parameters(text, ps, e) < 0)
            return e->code;
    }
    at = 0;
    while ((text = option_next(options, "parameter", &at)) != NULL) {
        struct str rest = str_of(text);
        struct str name = str_cut(&rest, '=');

        if (rest.p == NULL || name.n == 0)
            return err_set(e, ERR_BADREQUEST, "parameter '%s' is not of the form NAME=VALUE", text);
        set(ps, name, rest);
    }
    return 0;
}

static const struct parameter *
find(const parameters *ps, struct str name)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (str_is(name, ps->at[i].name))
            return &ps->at[i];
    }
    return NULL;
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
add_parameters(struct json_build *b, const struct json *list, const parameters *ps)
{
    json_add_array(b, "parameters");
    JSON_EACH (it, list) {
        const struct parameter *p = find(ps, json_str(json_get(it.value, "name")));

        if (p == NULL) {
            json_add_value(b, NULL, it.value);
            continue;
        }
        json_add_object(b, NULL);
        json_add_fields(b, it.value, (const char *const[]){"value", "valueFrom", NULL});
        json_add_cstr(b, "value", p->value);
        json_end(b);
    }
    for (size_t i = 0; i < ps->n; i++) {
        if (is_declared(list, ps->at[i].name))
            continue;
        json_add_object(b, NULL);
        json_add_cstr(b, "name", ps->at[i].name);
        json_add_cstr(b, "value", ps->at[i].value);
        json_end(b);
    }
    json_end(b);
}

static struct json_doc *
adapt_workflow(const struct json *root, const parameters *ps, const char *entrypoint)
{
    const struct json *spec = json_get(root, "spec");
    const struct json *arguments = json_get(spec, "arguments");
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, root, (const char *const[]){"spec", "status", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, spec, (const char *const[]){"arguments", "entrypoint", NULL});
    if (entrypoint != NULL)
        json_add_cstr(&b, "entrypoint", entrypoint);
    else
        json_add_value(&b, "entrypoint", json_get(spec, "entrypoint"));
    json_add_object(&b, "arguments");
    json_add_fields(&b, arguments, (const char *const[]){"parameters", NULL});
    add_parameters(&b, json_get(arguments, "parameters"), ps);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
add_object(const struct manifest_object *o, const parameters *ps, const char *entrypoint,
           struct run_load *ret, struct err *e)
{
    const struct kind *kind = kind_find(kinds_builtin, o->kind, o->api_version);
    struct run_object *to;

    if (kind == NULL)
        return err_set(e, ERR_INVALID, "%.*s of %.*s is not a kind of object that sluice knows",
                       STR_ARG(o->kind), STR_ARG(o->api_version));
    if (kind == &kind_workflow) {
        to = vec_grow(&ret->workflows);
        to->doc = adapt_workflow(o->value, ps, entrypoint);
    } else {
        to = vec_grow(&ret->others);
        to->doc = json_copy(o->value);
    }
    to->kind = kind;
    return 0;
}

int
run_load(const struct options *options, const struct manifest *m, struct run_load *ret,
         struct err *e)
{
    parameters ps = VEC_INIT;
    int rc = read_parameters(options, &ps, e);

    for (size_t i = 0; i < m->n && rc >= 0; i++) {
        for (size_t k = 0; k < m->files[i].n && rc >= 0; k++) {
            rc = add_object(&m->files[i].objects[k], &ps, option_value(options, "entrypoint"), ret,
                            e);
            if (rc < 0)
                rc = err_wrap(e, "%s", m->files[i].path);
        }
    }
    parameters_done(&ps);
    return rc;
}

void
run_load_done(struct run_load *l)
{
    for (size_t i = 0; i < l->others.n; i++)
        json_doc_unref(l->others.at[i].doc);
    for (size_t i = 0; i < l->workflows.n; i++)
        json_doc_unref(l->workflows.at[i].doc);
    vec_done(&l->others);
    vec_done(&l->workflows);
}
