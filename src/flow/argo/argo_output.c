#include "flow/argo/argo_output.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_input.h"
#include "flow/argo/argo_scope.h"

/* Groups. */

/* The value of one declared output; NULL: its source is absent. */
static int
group_value(struct argo_scope *s, const struct json *declared, char **ret, struct err *e)
{
    const struct json *from = json_get(declared, "valueFrom");
    struct str parameter = json_str(json_get(from, "parameter"));
    struct str expression = json_str(json_get(from, "expression"));
    const struct json *otherwise = json_get(from, "default");
    struct err why = ERR_INIT;
    int rc;

    if (json_get(declared, "value") != NULL)
        return argo_scope_text(s, json_scalar_text(json_get(declared, "value")), ret, e);
    rc = expression.n != 0 ? argo_scope_expression(s, expression, ret, &why)
                           : argo_scope_text(s, parameter, ret, &why);
    if (rc >= 0)
        return 0;
    if (otherwise == NULL) {
        *e = why;
        return e->code;
    }
    *ret = str_dup(json_scalar_text(otherwise));
    return 0;
}

static int
add_group_parameter(struct argo_scope *s, struct json_build *b, const struct json *declared,
                    struct err *e)
{
    cleanup_free char *value = NULL;

    if (group_value(s, declared, &value, e) < 0)
        return err_wrap(e, "outputs.parameters.%.*s",
                        STR_ARG(json_str(json_get(declared, "name"))));
    json_add_object(b, NULL);
    json_add_fields(b, declared, (const char *const[]){"value", NULL});
    json_add_cstr(b, "value", value);
    json_end(b);
    return 0;
}

/* The artifact that `from` or fromExpression means, by its name in the scope. */
static int
group_source(struct argo_scope *s, const struct json *declared, const struct json **ret,
             struct err *e)
{
    struct str from = json_str(json_get(declared, "from"));
    struct str expression = json_str(json_get(declared, "fromExpression"));
    cleanup_free char *name = NULL;
    int rc;

    *ret = NULL;
    if (from.n == 0 && expression.n == 0)
        return 0;
    rc = expression.n != 0 ? argo_scope_expression(s, expression, &name, e)
                           : argo_scope_text_lax(s, from, &name, e);
    if (rc < 0)
        return rc;
    *ret = argo_scope_artifact(s, str_of(name));
    return 0;
}

static int
add_group_artifact(struct argo_scope *s, struct json_build *b, const struct json *declared,
                   struct err *e)
{
    const struct json *source;
    struct str name = json_str(json_get(declared, "name"));

    if (group_source(s, declared, &source, e) < 0)
        return err_wrap(e, "outputs.artifacts.%.*s", STR_ARG(name));
    if (source == NULL && json_bool_or(json_get(declared, "optional"), false))
        return 0;
    if (source == NULL)
        return err_set(e, ERR_INVALID, "outputs.artifacts.%.*s: its source is not there",
                       STR_ARG(name));
    json_add_object(b, NULL);
    json_add_str(b, "name", name);
    json_add_value(b, "globalName", json_get(declared, "globalName"));
    json_add_value(b, "path", json_get(source, "path"));
    json_add_value(b, "archive", json_get(source, "archive"));
    argo_input_add_location(b, source);
    json_end(b);
    return 0;
}

int
argo_output_of_group(struct argo_scope *s, struct flow_node *n, struct json_doc **ret,
                     struct err *e)
{
    const struct json *tmpl = argo_template(argo_of(n->run), str_of(n->template_of));
    const struct json *declared = json_get(tmpl, "outputs");
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    if (json_count(declared) == 0)
        return 0;
    json_add_object(&b, NULL);
    json_add_array(&b, "parameters");
    JSON_EACH (p, json_get(declared, "parameters")) {
        if (add_group_parameter(s, &b, p.value, e) < 0)
            return e->code;
    }
    json_end(&b);
    json_add_array(&b, "artifacts");
    JSON_EACH (art, json_get(declared, "artifacts")) {
        if (add_group_artifact(s, &b, art.value, e) < 0)
            return e->code;
    }
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

/* Loops: lists are built as text while the children go by, once. */

struct gathered_list {
    char *name;
    struct buf raw;    /* values as they are, if all are objects or arrays */
    struct buf quoted; /* values as JSON strings */
    bool all_containers;
    size_t n;
};

struct gathered {
    struct buf result, all;
    size_t results, rows;
    VEC(struct gathered_list) lists;
};

static void
comma(struct buf *b, size_t n)
{
    buf_char(b, n == 0 ? '[' : ',');
}

static bool
is_container_text(struct str text)
{
    cleanup_json struct json_doc *doc = NULL;
    struct err ignored = ERR_INIT;

    text = str_trim(text);
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
        return false;
    return json_parse(text, NULL, &doc, &ignored) >= 0;
}

static struct gathered_list *
list_of(struct gathered *g, struct str name)
{
    struct gathered_list *list;

    for (size_t i = 0; i < g->lists.n; i++) {
        if (str_is(name, g->lists.at[i].name))
            return &g->lists.at[i];
    }
    list = vec_grow(&g->lists);
    list->name = str_dup(name);
    list->all_containers = true;
    return list;
}

static void
gather_parameter(struct gathered *g, struct str name, struct str value)
{
    struct gathered_list *list = list_of(g, name);

    comma(&list->raw, list->n);
    comma(&list->quoted, list->n);
    list->n++;
    buf_str(&list->raw, value);
    json_write_string(&list->quoted, value);
    if (list->all_containers)
        list->all_containers = is_container_text(value);
}

/* Upstream puts a result into the list as it stands, so that only results that are JSON make a list
 * that can be read again. */
static int
gather(void *arg, const struct flow_look *l, struct err *e)
{
    struct gathered *g = arg;
    const struct json *outputs = json_root(l->outputs);
    const struct json *result = json_get(outputs, "result");

    (void)e;
    if (l->phase != FLOW_SUCCEEDED || (l->flags & FLOW_HOOK) != 0)
        return 0;
    if (result != NULL) {
        comma(&g->result, g->results++);
        buf_str(&g->result, json_str(result));
    }
    if (json_count(json_get(outputs, "parameters")) == 0)
        return 0;
    comma(&g->all, g->rows++);
    buf_char(&g->all, '{');
    JSON_EACH (p, json_get(outputs, "parameters")) {
        struct str name = json_str(json_get(p.value, "name"));
        struct str value = json_scalar_text(json_get(p.value, "value"));

        buf_cstr(&g->all, p.index != 0 ? "," : "");
        json_write_string(&g->all, name);
        buf_char(&g->all, ':');
        json_write_string(&g->all, value);
        gather_parameter(g, name, value);
    }
    buf_char(&g->all, '}');
    return 0;
}

static void
add_list(struct json_build *b, const char *key, struct buf *list, size_t n)
{
    buf_cstr(list, n == 0 ? "[]" : "]");
    json_add_str(b, key, buf_view(list));
}

int
argo_output_of_loop(struct turn *t, struct flow_node *n, struct json_doc **ret, struct err *e)
{
    struct gathered g = {.result = BUF_INIT};
    struct json_build b = JSON_BUILD_INIT;
    int rc = flow_look_children(t, n->run, n->id, gather, &g, e);

    json_add_object(&b, NULL);
    add_list(&b, "result", &g.result, g.results);
    add_list(&b, "all", &g.all, g.rows);
    json_add_array(&b, "parameters");
    for (size_t i = 0; i < g.lists.n; i++) {
        struct gathered_list *list = &g.lists.at[i];

        json_add_object(&b, NULL);
        json_add_cstr(&b, "name", list->name);
        add_list(&b, "value", list->all_containers ? &list->raw : &list->quoted, list->n);
        json_end(&b);
        free(list->name);
        buf_done(&list->raw);
        buf_done(&list->quoted);
    }
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    vec_done(&g.lists);
    buf_done(&g.result);
    buf_done(&g.all);
    return rc;
}

/* Globals. */

static void
add_others(struct json_build *b, const struct json *list, struct str name)
{
    JSON_EACH (it, list) {
        if (!str_eq(json_str(json_get(it.value, "name")), name))
            json_add_value(b, NULL, it.value);
    }
}

/* A later output of the same global name takes the place of the earlier one. */
static void
set_global(struct argo *a, const char *kind, const struct json *output)
{
    struct str name = json_str(json_get(output, "globalName"));
    struct json_doc *before = a->outputs;
    struct json_build b = JSON_BUILD_INIT;
    static const char *const kinds[] = {"parameters", "artifacts"};

    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        json_add_array(&b, kinds[i]);
        if (!str_is(str_of(kind), kinds[i])) {
            add_others(&b, json_get(json_root(before), kinds[i]), STR_NULL);
        } else {
            add_others(&b, json_get(json_root(before), kinds[i]), name);
            json_add_object(&b, NULL);
            json_add_str(&b, "name", name);
            json_add_fields(&b, output,
                            (const char *const[]){"name", "globalName", "valueFrom", NULL});
            json_end(&b);
        }
        json_end(&b);
    }
    json_end(&b);
    a->outputs = json_build_done(&b);
    json_doc_unref(before);
}

static void
publish_list(struct flow_run *run, const char *kind, const struct json *list)
{
    struct argo *a = argo_of(run);

    JSON_EACH (it, list) {
        struct str global = json_str(json_get(it.value, "globalName"));
        cleanup_free char *name = NULL;

        if (global.n == 0)
            continue;
        set_global(a, kind, it.value);
        flow_run_touch(run);
        name = xasprintf("workflow.outputs.%s.%.*s", kind, STR_ARG(global));
        expr_vars_set(&a->globals, str_of(name),
                      json_get(it.value, "value") != NULL
                          ? json_scalar_text(json_get(it.value, "value"))
                          : str_of(name));
    }
}

void
argo_output_publish(struct flow_run *run, const struct json *outputs)
{
    publish_list(run, "parameters", json_get(outputs, "parameters"));
    publish_list(run, "artifacts", json_get(outputs, "artifacts"));
}
