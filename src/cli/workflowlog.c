#include "cli/workflowlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/serverlink.h"
#include "cli/treetable.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "data/regex.h"

/* A pod whose log was asked for. */
struct source {
    struct workflowlog *log;
    char *pod;
};

struct workflowlog {
    struct cli *cli;
    struct serverlink *link;
    const char *ns;
    const struct workflowlog_query *query;
    struct regex *grep; /* NULL: every line */
    VEC(struct source *) sources;
    size_t open; /* logs that are being followed */
    bool over;   /* the workflow is */
    struct err failed;
};

/* Printing. */

static void
print_line(struct cli *c, const char *pod, struct str content)
{
    static const enum color colors[] = {COLOR_RED,  COLOR_GREEN,   COLOR_YELLOW,
                                        COLOR_BLUE, COLOR_MAGENTA, COLOR_CYAN};
    cleanup_buf struct buf text = BUF_INIT;
    unsigned sum = 0;

    for (const char *at = pod; *at != '\0'; at++)
        sum = sum * 31 + (unsigned char)*at;
    buf_cstr(&text, color_code(c->out_color, colors[sum % ARRAY_LEN(colors)]));
    treetable_clean(&text, str_of(pod));
    buf_cstr(&text, color_code(c->out_color, COLOR_PLAIN));
    buf_cstr(&text, ": ");
    buf_str(&text, content);
    buf_char(&text, '\n');
    fwrite(text.p, 1, text.n, c->out);
    fflush(c->out);
}

static bool
on_line(void *arg, struct str line)
{
    struct source *s = arg;

    struct err ignored = ERR_INIT; /* a line that takes too long to match */

    if (s->log->grep == NULL || regex_matches(s->log->grep, line, &ignored) > 0)
        print_line(s->log->cli, s->pod, line);
    return true;
}

static void
stop_when_done(struct workflowlog *l)
{
    if (l->failed.code != 0 || (l->over && l->open == 0))
        serverlink_enough(l->link);
}

/* One that cannot be had any more is no reason to leave out the others. */
static void
on_log_end(void *arg, const struct err *why)
{
    struct source *s = arg;

    if (why != NULL && s->log->failed.code == 0 && why->code != ERR_BADREQUEST &&
        why->code != ERR_NOTFOUND)
        s->log->failed = *why;
    s->log->open--;
    stop_when_done(s->log);
}

/* Sources. */

static void
put_query(struct buf *to, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(to, "&%s=", name);
    serverlink_put_escaped(to, str_of(value));
}

static void
pods_path(const struct workflowlog *l, struct buf *to)
{
    buf_cstr(to, "/api/v1/namespaces/");
    serverlink_put_escaped(to, str_of(l->ns));
    buf_cstr(to, "/pods");
}

/* Whether the container runs or has run. */
static bool
has_started(const struct json *pod, const char *container)
{
    JSON_EACH (it, json_at_path(pod, "status.containerStatuses")) {
        if (!str_is(json_str(json_get(it.value, "name")), container))
            continue;
        return json_get(json_get(it.value, "state"), "running") != NULL ||
               json_get(json_get(it.value, "state"), "terminated") != NULL;
    }
    return false;
}

static bool
is_known(const struct workflowlog *l, const char *pod)
{
    for (size_t i = 0; i < l->sources.n; i++)
        if (strcmp(l->sources.at[i]->pod, pod) == 0)
            return true;
    return false;
}

/* Asks for a pod's log, once. */
static void
take_pod(struct workflowlog *l, const struct json *pod)
{
    const struct workflowlog_query *q = l->query;
    const char *name = json_cstr_or(json_at_path(pod, "metadata.name"), "");
    struct serverlink_lines lines = {.line = on_line, .end = on_log_end};
    cleanup_buf struct buf path = BUF_INIT;
    struct source *s;

    if ((q->pod != NULL && strcmp(q->pod, name) != 0) || is_known(l, name) ||
        !has_started(pod, q->container))
        return;
    s = NEW(struct source);
    *s = (struct source){l, xstrdup(name)};
    vec_push(&l->sources, s);
    lines.arg = s;
    pods_path(l, &path);
    buf_char(&path, '/');
    serverlink_put_escaped(&path, str_of(name));
    buf_printf(&path, "/log?follow=%s&timestamps=%s", q->follow ? "true" : "false",
               q->timestamps ? "true" : "false");
    put_query(&path, "container", q->container);
    put_query(&path, "tailLines", q->tail);
    put_query(&path, "sinceSeconds", q->since);
    put_query(&path, "sinceTime", q->since_time);
    if (q->previous)
        put_query(&path, "previous", "true");
    l->open++;
    if (serverlink_begin(l->link, buf_cstring(&path), &lines, &l->failed) < 0)
        l->open--;
}

/* Of the workflow's pods; begins the query. */
static void
put_selector(const struct workflowlog *l, const char *name, struct buf *to)
{
    cleanup_buf struct buf selector = BUF_INIT;

    buf_printf(&selector, "workflows.argoproj.io/workflow=%s", name);
    if (l->query->selector != NULL)
        buf_printf(&selector, ",%s", l->query->selector);
    buf_cstr(to, "?labelSelector=");
    serverlink_put_escaped(to, buf_view(&selector));
}

/* The one that started first; before those that have not. */
static int
by_start(const void *a, const void *b)
{
    const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
    int64_t at = workflow_time(x, "status.startTime"), bt = workflow_time(y, "status.startTime");

    if (at != bt)
        return at == 0 ? 1 : bt == 0 ? -1 : at < bt ? -1 : 1;
    return strcmp(workflow_name(x), workflow_name(y));
}

/* Those that are there now, one after another. */
static void
take_in_order(struct workflowlog *l, const struct json *items)
{
    size_t n = json_count(items), i = 0;
    cleanup_free const struct json **pods = NEW_ARRAY(const struct json *, n + 1);

    JSON_EACH (it, items)
        pods[i++] = it.value;
    qsort(pods, n, sizeof(const struct json *), by_start);
    for (i = 0; i < n; i++) {
        take_pod(l, pods[i]);
        if (!l->query->follow && l->open > 0)
            serverlink_run(l->link);
    }
}

static int
take_present(struct workflowlog *l, const char *name, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;
    cleanup_json struct json_doc *list = NULL;

    pods_path(l, &path);
    put_selector(l, name, &path);
    if (serverlink_call(l->link, "GET", buf_cstring(&path), NULL, &list, e) < 0)
        return e->code;
    take_in_order(l, json_get(json_root(list), "items"));
    return 0;
}

/* Following. */

static const struct json *
object_of(struct workflowlog *l, struct str line, struct json_doc **ret)
{
    if (json_parse(line, &json_limits_default, ret, &l->failed) < 0)
        return NULL;
    return json_get(json_root(*ret), "object");
}

static bool
on_pod(void *arg, struct str line)
{
    struct workflowlog *l = arg;
    cleanup_json struct json_doc *event = NULL;
    const struct json *pod = object_of(l, line, &event);

    if (pod != NULL)
        take_pod(l, pod);
    stop_when_done(l);
    return true;
}

static bool
on_workflow(void *arg, struct str line)
{
    struct workflowlog *l = arg;
    cleanup_json struct json_doc *event = NULL;
    const struct json *workflow = object_of(l, line, &event);

    if (workflow != NULL && (workflow_is_over(workflow) ||
                             str_is(json_str(json_get(json_root(event), "type")), "DELETED")))
        l->over = true;
    stop_when_done(l);
    return true;
}

static void
on_watch_end(void *arg, const struct err *why)
{
    struct workflowlog *l = arg;

    if (l->failed.code == 0 && why != NULL)
        l->failed = *why;
    else if (l->failed.code == 0 && !l->over)
        err_set(&l->failed, ERR_UNAVAILABLE, "the server ended the watch: ask again");
    stop_when_done(l);
}

static int
follow(struct workflowlog *l, const char *name, struct err *e)
{
    struct serverlink_lines pods = {.line = on_pod, .end = on_watch_end, .arg = l};
    struct serverlink_lines workflows = {.line = on_workflow, .end = on_watch_end, .arg = l};
    cleanup_buf struct buf pods_at = BUF_INIT, workflows_at = BUF_INIT, one = BUF_INIT;

    pods_path(l, &pods_at);
    put_selector(l, name, &pods_at);
    buf_cstr(&pods_at, "&watch=true");
    workflows_path(&workflows_at, l->ns, NULL);
    buf_cstr(&workflows_at, "?watch=true&fieldSelector=");
    buf_printf(&one, "metadata.name=%s", name);
    serverlink_put_escaped(&workflows_at, buf_view(&one));
    if (serverlink_begin(l->link, buf_cstring(&pods_at), &pods, e) < 0 ||
        serverlink_begin(l->link, buf_cstring(&workflows_at), &workflows, e) < 0)
        return e->code;
    serverlink_run(l->link);
    if (l->failed.code != 0)
        return 0;
    /* The end of the workflow may be heard before a pod's: what is left is there by now. */
    if (take_present(l, name, e) < 0)
        return e->code;
    if (l->open > 0)
        serverlink_run(l->link);
    return 0;
}

static int
show(struct workflowlog *l, const char *name, struct err *e)
{
    cleanup_json struct json_doc *there = NULL;
    int code;

    if (l->query->grep != NULL && regex_compile(str_of(l->query->grep), &l->grep, e) < 0)
        return err_wrap(e, "--grep");
    if (workflows_get(l->link, l->ns, name, &there, e) < 0)
        return e->code;
    code = l->query->follow ? follow(l, name, e) : take_present(l, name, e);
    if (code == 0 && l->failed.code != 0) {
        *e = l->failed;
        code = e->code;
    }
    return code;
}

int
workflowlog(struct cli *c, struct serverlink *r, const char *ns, const char *name,
            const struct workflowlog_query *q, struct err *e)
{
    struct workflowlog l = {.cli = c, .link = r, .ns = ns, .query = q};
    cleanup_free char *real = NULL;
    int code = workflows_resolve(r, ns, name, &real, e);

    if (code == 0)
        code = show(&l, real, e);
    for (size_t i = 0; i < l.sources.n; i++) {
        free(l.sources.at[i]->pod);
        free(l.sources.at[i]);
    }
    vec_done(&l.sources);
    regex_free(l.grep);
    return code;
}
