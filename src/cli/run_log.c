#include "cli/run_log.h"

#include "api/object.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/run_view.h"
#include "data/json.h"
#include "runner/logs.h"
#include "runner/process/process_runtime.h"

/* One container's log, attempt after attempt. */
struct followed {
    struct list link;
    struct run_log *log;
    char *uid, *pod, *container;
    unsigned attempt;
    struct logs *reader; /* NULL: read to the end */
    struct buf line;     /* a line that goes on in the next record */
};

struct run_log {
    struct loop *loop;
    const char *data;
    struct run_view *view;
    struct map by_key; /* "<uid>/<container>" -> followed */
    struct list all;
};

static void
on_record(void *arg, const struct logs_record *record)
{
    struct followed *f = arg;

    buf_str(&f->line, record->text);
    if (record->partial)
        return;
    run_view_log(f->log->view, str_of(f->pod), buf_view(&f->line));
    buf_clear(&f->line);
}

static void
open_reader(struct followed *f)
{
    cleanup_free char *relative = process_log_path(f->uid, f->container, f->attempt);
    cleanup_free char *path = xasprintf("%s/%s", f->log->data, relative);

    f->reader = logs_follow(f->log->loop, path, on_record, f);
}

static void
close_reader(struct followed *f)
{
    if (f->reader == NULL)
        return;
    logs_drain(f->reader);
    logs_free(TAKE(f->reader));
    if (f->line.n != 0)
        run_view_log(f->log->view, str_of(f->pod), buf_view(&f->line));
    buf_done(&f->line);
}

struct run_log *
run_log_new(struct loop *loop, const char *data, struct run_view *view)
{
    struct run_log *l = NEW(struct run_log);

    l->loop = loop;
    l->data = data;
    l->view = view;
    list_init(&l->all);
    return l;
}

void
run_log_free(struct run_log *l)
{
    struct list *link;

    if (l == NULL)
        return;
    while ((link = list_shift(&l->all)) != NULL) {
        struct followed *f = LIST_ITEM(link, struct followed, link);

        logs_free(f->reader);
        buf_done(&f->line);
        free(f->uid);
        free(f->pod);
        free(f->container);
        free(f);
    }
    map_done(&l->by_key);
    free(l);
}

static struct followed *
follow(struct run_log *l, const struct object *pod, struct str container)
{
    cleanup_free char *key = xasprintf("%.*s/%.*s", STR_ARG(object_uid(pod)), STR_ARG(container));
    struct followed *f = map_get(&l->by_key, str_of(key));

    if (f != NULL)
        return f;
    f = NEW(struct followed);
    f->log = l;
    f->uid = str_dup(object_uid(pod));
    f->pod = str_dup(object_name(pod));
    f->container = str_dup(container);
    list_append(&l->all, &f->link);
    map_put(&l->by_key, str_of(key), f);
    open_reader(f);
    return f;
}

static void
look_at_container(struct run_log *l, const struct object *pod, const struct json *status)
{
    struct followed *f = follow(l, pod, json_str(json_get(status, "name")));
    int64_t restarts = 0;

    if (f->reader == NULL)
        return;
    json_int(json_get(status, "restartCount"), &restarts);
    while (f->attempt < (unsigned)restarts) {
        close_reader(f);
        f->attempt++;
        open_reader(f);
    }
    if (object_is_finished(pod))
        close_reader(f);
}

void
run_log_pod(struct run_log *l, const struct object *pod)
{
    JSON_EACH (it, object_at(pod, "status.initContainerStatuses"))
        look_at_container(l, pod, it.value);
    JSON_EACH (it, object_at(pod, "status.containerStatuses"))
        look_at_container(l, pod, it.value);
}

void
run_log_drain(struct run_log *l)
{
    struct followed *f;

    LIST_EACH (f, &l->all, struct followed, link)
        close_reader(f);
}
