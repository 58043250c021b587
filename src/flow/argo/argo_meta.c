#include "flow/argo/argo_meta.h"

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_scope.h"
#include "schema/names.h"

static int
check_label(struct str key, struct str value, struct err *e)
{
    const char *why = names_check(NAMES_LABEL_VALUE, value);

    if (why == NULL)
        return 0;
    return err_set(e, ERR_INVALID, "invalid label value \"%.*s\" for label \"%.*s\": %s",
                   STR_ARG(str_slice(value, 0, 200)), STR_ARG(key), why);
}

/* The text of a label's expression. */
static int
evaluate(struct argo_scope *s, struct str key, struct str expression, char **ret, struct err *e)
{
    cleanup_expr struct expr_program *p = NULL;
    cleanup_arena struct arena a = ARENA_INIT;
    struct expr_value v = EXPR_NIL_VALUE;
    struct expr_env env;

    (void)argo_scope_options(s, &env);
    if (expr_compile(expression, &p, e) < 0 || expr_eval(p, &env, &a, &v, e) < 0)
        return err_wrap(e, "failed to evaluate label \"%.*s\" expression \"%.*s\"", STR_ARG(key),
                        STR_ARG(str_slice(expression, 0, 200)));
    if (v.type != EXPR_STRING)
        return err_set(e, ERR_INVALID,
                       "failed to evaluate label \"%.*s\": expression \"%.*s\" gives no string "
                       "but a %s",
                       STR_ARG(key), STR_ARG(str_slice(expression, 0, 200)),
                       expr_type_name(v.type));
    *ret = str_dup(v.text);
    return 0;
}

static void
add(struct json_build *b, struct str key, struct str value)
{
    json_add_key(b, key);
    json_add_str(b, NULL, value);
}

/* The workflow's own, except those that are replaced. */
static void
add_kept(struct json_build *b, const struct json *own, const struct json *over,
         const struct json *over_too)
{
    JSON_EACH (it, own) {
        if (json_get_str(over, it.key) == NULL && json_get_str(over_too, it.key) == NULL)
            add(b, it.key, json_str(it.value));
    }
}

static int
add_labels(struct argo_scope *s, struct json_build *b, const struct json *own,
           const struct json *metadata, struct err *e)
{
    const struct json *from = json_get(metadata, "labelsFrom");

    json_add_object(b, "labels");
    add_kept(b, own, json_get(metadata, "labels"), from);
    JSON_EACH (it, json_get(metadata, "labels")) {
        cleanup_free char *value = NULL;

        if (json_get_str(from, it.key) != NULL)
            continue;
        if (argo_scope_text(s, json_str(it.value), &value, e) < 0 ||
            check_label(it.key, str_of(value), e) < 0)
            return e->code;
        add(b, it.key, str_of(value));
    }
    JSON_EACH (it, from) {
        cleanup_free char *value = NULL;

        if (evaluate(s, it.key, json_str(json_get(it.value, "expression")), &value, e) < 0 ||
            check_label(it.key, str_of(value), e) < 0)
            return e->code;
        add(b, it.key, str_of(value));
    }
    json_end(b);
    return 0;
}

static int
add_annotations(struct argo_scope *s, struct json_build *b, const struct json *own,
                const struct json *wanted, struct err *e)
{
    json_add_object(b, "annotations");
    add_kept(b, own, wanted, NULL);
    JSON_EACH (it, wanted) {
        cleanup_free char *value = NULL;

        if (argo_scope_text(s, json_str(it.value), &value, e) < 0)
            return e->code;
        add(b, it.key, str_of(value));
    }
    json_end(b);
    return 0;
}

int
argo_meta_apply(struct turn *t, struct flow_run *run, struct json_doc **ret, struct err *e)
{
    const struct argo *a = argo_of(run);
    const struct json *metadata = json_get(a->spec, "workflowMetadata");
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    *ret = NULL;
    if (json_is_null(metadata))
        return 0;
    argo_scope_init(&s, t, run, NULL);
    json_add_object(&b, NULL);
    json_add_object(&b, "meta");
    json_add_fields(&b, a->meta, (const char *const[]){"labels", "annotations", NULL});
    if (add_labels(&s, &b, json_get(a->meta, "labels"), metadata, e) < 0 ||
        add_annotations(&s, &b, json_get(a->meta, "annotations"), json_get(metadata, "annotations"),
                        e) < 0)
        return e->code;
    json_end(&b);
    json_add_value(&b, "spec", a->spec);
    json_add_value(&b, "repository", json_get(json_root(a->frozen), "repository"));
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}
