#include "flow/argo/argo_failures.h"

#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_time.h"

struct listing {
    struct turn *turn;
    const struct flow_run *run;
    struct json_build b;
    size_t n;
};

/* The way up from a node to the one in whose template it was called. */
struct climb {
    int64_t parent;
    char *boundary; /* its name */
};

static int
step_up(void *arg, const struct node_row *row, struct err *e)
{
    struct climb *c = arg;

    (void)e;
    c->parent = row->parent;
    if ((row->flags & FLOW_BOUNDARY) != 0)
        c->boundary = str_dup(row->name);
    return 0;
}

static int
boundary_name(const struct listing *l, const struct node_row *row, char **ret, struct err *e)
{
    struct climb c = {.parent = row->parent};
    int rc = 0;

    while (rc >= 0 && c.boundary == NULL && c.parent != 0)
        rc = node_rows_get(turn_db(l->turn), l->run->number, c.parent, step_up, &c, e);
    *ret = c.boundary;
    return rc;
}

static int
add_failure(void *arg, const struct node_row *row, struct err *e)
{
    struct listing *l = arg;
    struct str template_name = argo_name_template(row->template_of);
    cleanup_free char *boundary = NULL, *pod = NULL;

    /* A loop of steps is no node that upstream knows. */
    if (row->type.n == 0)
        return 0;
    if (boundary_name(l, row, &boundary, e) < 0)
        return e->code;
    pod = argo_name_pod(l->run->name, row->name, template_name);
    json_add_object(&l->b, NULL);
    json_add_str(&l->b, "displayName", argo_name_display(row->name, str_of(boundary)));
    json_add_str(&l->b, "message", row->message.n != 0 ? row->message : STR(""));
    json_add_str(&l->b, "templateName", template_name.n != 0 ? template_name : STR(""));
    json_add_cstr(&l->b, "phase", flow_phase_name((enum flow_phase)row->phase));
    json_add_cstr(&l->b, "podName", pod);
    argo_time_add(&l->b, "finishedAt", row->ended_us);
    json_end(&l->b);
    l->n++;
    return 0;
}

static bool
mentions_failures(const struct json *v)
{
    cleanup_buf struct buf text = BUF_INIT;

    json_write(&text, v);
    return str_find(buf_view(&text), STR("workflow.failures"), 0) >= 0;
}

/* Looking through all nodes of a large run has a price that most need not pay. */
static bool
is_asked_for(const struct flow_run *run)
{
    const struct argo *a = argo_of(run);

    if (json_str(json_get(a->spec, "onExit")).n == 0 && json_get(a->spec, "hooks") == NULL)
        return false;
    if (mentions_failures(a->spec))
        return true;
    /* Templates of other objects may be fetched later, when the handler runs. */
    return json_at_path(a->spec, "hooks.exit.templateRef") != NULL || a->others.n != 0;
}

int
argo_failures_text(struct turn *t, struct flow_run *run, struct buf *to, struct err *e)
{
    struct listing l = {.turn = t, .run = run, .b = JSON_BUILD_INIT};
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf list = BUF_INIT;
    int rc = 0;

    json_add_array(&l.b, NULL);
    if (is_asked_for(run))
        rc = flow_look_bad(t, run, add_failure, &l, e);
    json_end(&l.b);
    doc = json_build_done(&l.b);
    if (l.n > 0)
        json_write(&list, json_root(doc));
    else
        buf_cstr(&list, "null");
    json_write_string(to, buf_view(&list));
    return rc;
}
