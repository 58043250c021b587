#include "cli/workflows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/serverlink.h"
#include "data/json.h"
#include "data/timestamp.h"

enum { PAGE = 500 };

const char *
workflows_namespace(const struct cli *c)
{
    const char *given = option_value(c->options, "namespace");

    return given != NULL ? given : "default";
}

int
workflows_add_priority(const struct cli *c, struct json_build *b, struct err *e)
{
    const char *given = option_value(c->options, "priority");
    int64_t n;

    if (given == NULL)
        return 0;
    if (!str_to_int(str_of(given), &n))
        return err_set(e, ERR_BADREQUEST, "--priority '%s': expected a whole number", given);
    json_add_int(b, "priority", n);
    return 0;
}

int
workflows_page(const struct cli *c, const char *name, int64_t *ret, struct err *e)
{
    const char *given = option_value(c->options, name);

    *ret = 0;
    if (given != NULL && (!str_to_int(str_of(given), ret) || *ret < 0))
        return err_set(e, ERR_BADREQUEST, "--%s '%s': expected a whole number", name, given);
    return 0;
}

void
workflows_path(struct buf *to, const char *ns, const char *name)
{
    buf_cstr(to, "/apis/argoproj.io/v1alpha1/");
    if (ns != NULL) {
        buf_cstr(to, "namespaces/");
        serverlink_put_escaped(to, str_of(ns));
        buf_char(to, '/');
    }
    buf_cstr(to, "workflows");
    if (name != NULL) {
        buf_char(to, '/');
        serverlink_put_escaped(to, str_of(name));
    }
}

/* Shorthands. */

const char *
workflow_name(const struct json *workflow)
{
    return json_cstr_or(json_at_path(workflow, "metadata.name"), "");
}

const char *
workflow_phase(const struct json *workflow)
{
    const char *phase = json_cstr_or(json_at_path(workflow, "status.phase"), "");

    return *phase != '\0' ? phase : "Pending";
}

bool
workflow_is_over(const struct json *workflow)
{
    return !json_is_null(json_at_path(workflow, "status.finishedAt"));
}

bool
workflow_is_bad(const struct json *workflow)
{
    const char *phase = workflow_phase(workflow);

    return strcmp(phase, "Failed") == 0 || strcmp(phase, "Error") == 0;
}

int64_t
workflow_time(const struct json *workflow, const char *dotted)
{
    struct err ignored = ERR_INIT;
    int64_t us;

    return timestamp_parse(json_str(json_at_path(workflow, dotted)), &us, &ignored) == 0 ? us : 0;
}

/* Lists. */

void
workflows_list_done(workflows_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        json_doc_unref(l->at[i]);
    vec_done(l);
}

/* Unfinished ones first, by creation; then the finished ones, by their end: the newest first. */
static int
newest_first(const void *a, const void *b)
{
    const struct json *x = json_root(*(struct json_doc *const *)a);
    const struct json *y = json_root(*(struct json_doc *const *)b);
    bool x_over = workflow_is_over(x), y_over = workflow_is_over(y);
    const char *by = x_over ? "status.finishedAt" : "metadata.creationTimestamp";
    int64_t at, bt;

    if (x_over != y_over)
        return x_over ? 1 : -1;
    at = workflow_time(x, by);
    bt = workflow_time(y, by);
    if (at != bt)
        return at > bt ? -1 : 1;
    return strcmp(workflow_name(x), workflow_name(y));
}

static void
put_query(struct buf *to, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    buf_printf(to, "&%s=", name);
    serverlink_put_escaped(to, str_of(value));
}

/* In place of each listed one the whole of it; those that have gone meanwhile are left out. */
static int
complete(struct serverlink *r, workflows_list *l, struct err *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        const struct json *w = json_root(l->at[i]);
        const char *ns = json_cstr_or(json_at_path(w, "metadata.namespace"), "");
        struct json_doc *whole = NULL;
        int code = workflows_get(r, ns, workflow_name(w), &whole, e);

        if (code < 0 && code != ERR_NOTFOUND)
            return code;
        json_doc_unref(l->at[i]);
        l->at[i] = NULL;
        if (code == 0)
            l->at[kept++] = whole;
    }
    l->n = kept;
    return 0;
}

int
workflows_collect(struct serverlink *r, const struct workflows_query *q, workflows_list *ret,
                  struct err *e)
{
    cleanup_free char *next = xstrdup("");

    do {
        cleanup_buf struct buf path = BUF_INIT;
        cleanup_json struct json_doc *page = NULL;

        workflows_path(&path, q->ns, NULL);
        buf_printf(&path, "?limit=%" PRId64, q->page > 0 ? q->page : PAGE);
        put_query(&path, "labelSelector", q->labels);
        put_query(&path, "fieldSelector", q->fields);
        put_query(&path, "continue", next);
        if (serverlink_call(r, "GET", buf_cstring(&path), NULL, &page, e) < 0)
            return e->code;
        JSON_EACH (it, json_get(json_root(page), "items"))
            vec_push(ret, json_copy(it.value));
        free(next);
        next = xstrdup(json_cstr_or(json_at_path(json_root(page), "metadata.continue"), ""));
    } while (*next != '\0');
    if (ret->n > 1)
        qsort(ret->at, ret->n, sizeof *ret->at, newest_first);
    return q->nodes ? complete(r, ret, e) : 0;
}

int
workflows_resolve(struct serverlink *r, const char *ns, const char *name, char **ret, struct err *e)
{
    workflows_list all = VEC_INIT;
    const struct json *latest = NULL;
    int code = 0;

    if (strcmp(name, "@latest") != 0) {
        *ret = xstrdup(name);
        return 0;
    }
    code = workflows_collect(r, &(struct workflows_query){.ns = ns}, &all, e);
    for (size_t i = 0; i < all.n; i++) {
        const struct json *w = json_root(all.at[i]);

        if (latest == NULL || workflow_time(w, "metadata.creationTimestamp") >
                                  workflow_time(latest, "metadata.creationTimestamp"))
            latest = w;
    }
    if (code == 0 && latest == NULL)
        code = err_set(e, ERR_NOTFOUND, "no workflows found");
    if (code == 0)
        *ret = xstrdup(workflow_name(latest));
    workflows_list_done(&all);
    return code;
}

int
workflows_get(struct serverlink *r, const char *ns, const char *name, struct json_doc **ret,
              struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;
    cleanup_free char *real = NULL;

    if (workflows_resolve(r, ns, name, &real, e) < 0)
        return e->code;
    workflows_path(&path, ns, real);
    return serverlink_call(r, "GET", buf_cstring(&path), NULL, ret, e);
}

int
workflows_act(struct serverlink *r, const char *ns, const char *name, const char *verb,
              const struct json *body, struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;
    cleanup_free char *real = NULL;

    if (workflows_resolve(r, ns, name, &real, e) < 0)
        return e->code;
    buf_cstr(&path, "/api/v1/workflows/");
    serverlink_put_escaped(&path, str_of(ns));
    buf_char(&path, '/');
    serverlink_put_escaped(&path, str_of(real));
    buf_printf(&path, "/%s", verb);
    return serverlink_call(r, "PUT", buf_cstring(&path), body, ret, e);
}

/* Watching. */

struct watching {
    const struct workflows_watch *watch;
    struct json_doc *last;
    bool enough;
    struct err failed;
};

static bool
on_event(void *arg, struct str line)
{
    struct watching *w = arg;
    cleanup_json struct json_doc *event = NULL;
    const struct json *object;
    const char *type;

    if (json_parse(line, &json_limits_default, &event, &w->failed) < 0)
        return false;
    type = json_cstr_or(json_get(json_root(event), "type"), "");
    object = json_get(json_root(event), "object");
    if (strcmp(type, "BOOKMARK") == 0)
        return true;
    if (strcmp(type, "ERROR") == 0)
        return false; /* too old: begin again from the present state */
    if (strcmp(type, "DELETED") == 0) {
        if (w->watch->gone != NULL)
            w->watch->gone(w->watch->arg);
        w->enough = true;
        return false;
    }
    json_doc_unref(w->last);
    w->last = json_copy(object);
    w->enough = !w->watch->show(w->watch->arg, json_root(w->last));
    return !w->enough;
}

static bool
on_second(void *arg)
{
    struct watching *w = arg;

    if (w->last != NULL)
        w->enough = !w->watch->show(w->watch->arg, json_root(w->last));
    return !w->enough;
}

int
workflows_watch(struct serverlink *r, const char *ns, const char *name,
                const struct workflows_watch *w, struct err *e)
{
    struct watching state = {.watch = w};
    struct serverlink_lines lines = {.line = on_event, .tick = on_second, .arg = &state};
    cleanup_free char *real = NULL;
    cleanup_buf struct buf selector = BUF_INIT, path = BUF_INIT;
    cleanup_json struct json_doc *there = NULL;
    int code;

    if (workflows_resolve(r, ns, name, &real, e) < 0 || workflows_get(r, ns, real, &there, e) < 0)
        return e->code;
    buf_printf(&selector, "metadata.name=%s", real);
    workflows_path(&path, ns, NULL);
    buf_cstr(&path, "?watch=true&fieldSelector=");
    serverlink_put_escaped(&path, buf_view(&selector));
    do
        code = serverlink_lines(r, buf_cstring(&path), &lines, e);
    while (code == 0 && !state.enough && state.failed.code == 0);
    json_doc_unref(state.last);
    if (code == 0 && state.failed.code != 0) {
        *e = state.failed;
        code = e->code;
    }
    return code;
}
