#include "cli/run_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "api/object.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/run_view.h"
#include "data/json.h"
#include "io/timer.h"
#include "runner/process/process_runtime.h"

enum { PAUSE_US = 100 * 1000, READ_BYTES = 64 * 1024 };

/* One container's log, attempt after attempt. */
struct followed {
    struct list link;
    char *uid, *pod, *container;
    unsigned attempt;
    off_t at;           /* bytes of the file that were read */
    struct buf partial; /* a record that has no end yet */
    struct buf line;    /* a line that goes on in the next record */
    bool over;
};

struct run_log {
    const char *data;
    struct run_view *view;
    struct timer timer;
    struct map by_key;  /* "<uid>/<container>" -> followed */
    struct list open;   /* to be read again */
    struct list closed; /* read to the end */
};

/* "time stream F|P text" */
static void
take_record(struct run_log *l, struct followed *f, struct str record)
{
    bool whole;

    (void)str_cut(&record, ' ');
    (void)str_cut(&record, ' ');
    whole = str_is(str_cut(&record, ' '), "F");
    buf_str(&f->line, record);
    if (!whole)
        return;
    run_view_log(l->view, str_of(f->pod), buf_view(&f->line));
    buf_clear(&f->line);
}

static void
take_bytes(struct run_log *l, struct followed *f, struct str bytes)
{
    ptrdiff_t end;

    buf_str(&f->partial, bytes);
    bytes = buf_view(&f->partial);
    while ((end = str_find_char(bytes, '\n', 0)) >= 0) {
        take_record(l, f, str_slice(bytes, 0, (size_t)end));
        bytes = str_slice(bytes, (size_t)end + 1, bytes.n);
    }
    if (bytes.n != f->partial.n) {
        struct buf rest = BUF_INIT;

        buf_str(&rest, bytes);
        buf_done(&f->partial);
        f->partial = rest;
    }
}

static void
read_on(struct run_log *l, struct followed *f)
{
    cleanup_free char *relative = process_log_path(f->uid, f->container, f->attempt);
    cleanup_free char *path = xasprintf("%s/%s", l->data, relative);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    static char bytes[READ_BYTES];
    ssize_t n;

    if (fd < 0)
        return;
    while ((n = pread(fd, bytes, sizeof bytes, f->at)) > 0) {
        f->at += n;
        take_bytes(l, f, str_make(bytes, (size_t)n));
    }
}

static void
finish(struct run_log *l, struct followed *f)
{
    read_on(l, f);
    if (f->line.n != 0)
        run_view_log(l->view, str_of(f->pod), buf_view(&f->line));
    buf_done(&f->line);
    buf_done(&f->partial);
    f->over = true;
    list_remove(&f->link);
    list_append(&l->closed, &f->link);
}

static void
look(void *arg)
{
    struct run_log *l = arg;
    struct followed *f;

    LIST_EACH (f, &l->open, struct followed, link) {
        read_on(l, f);
    }
    if (!list_empty(&l->open))
        timer_after(&l->timer, PAUSE_US);
}

struct run_log *
run_log_new(struct loop *loop, const char *data, struct run_view *view)
{
    struct run_log *l = NEW(struct run_log);

    l->data = data;
    l->view = view;
    list_init(&l->open);
    list_init(&l->closed);
    timer_init(&l->timer, loop, look, l);
    return l;
}

static void
free_all(struct list *list)
{
    struct list *link;

    while ((link = list_shift(list)) != NULL) {
        struct followed *f = LIST_ITEM(link, struct followed, link);

        free(f->uid);
        free(f->pod);
        free(f->container);
        buf_done(&f->partial);
        buf_done(&f->line);
        free(f);
    }
}

void
run_log_free(struct run_log *l)
{
    if (l == NULL)
        return;
    timer_stop(&l->timer);
    free_all(&l->open);
    free_all(&l->closed);
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
    f->uid = str_dup(object_uid(pod));
    f->pod = str_dup(object_name(pod));
    f->container = str_dup(container);
    list_append(&l->open, &f->link);
    map_put(&l->by_key, str_of(key), f);
    return f;
}

static void
look_at_container(struct run_log *l, const struct object *pod, const struct json *status)
{
    struct followed *f = follow(l, pod, json_str(json_get(status, "name")));
    int64_t restarts = 0;

    if (f->over)
        return;
    json_int(json_get(status, "restartCount"), &restarts);
    while (f->attempt < (unsigned)restarts) {
        read_on(l, f);
        f->attempt++;
        f->at = 0;
    }
    read_on(l, f);
    if (object_is_finished(pod))
        finish(l, f);
}

void
run_log_pod(struct run_log *l, const struct object *pod)
{
    JSON_EACH (it, object_at(pod, "status.initContainerStatuses")) {
        look_at_container(l, pod, it.value);
    }
    JSON_EACH (it, object_at(pod, "status.containerStatuses")) {
        look_at_container(l, pod, it.value);
    }
    if (!list_empty(&l->open) && !timer_is_armed(&l->timer))
        timer_after(&l->timer, PAUSE_US);
}

void
run_log_drain(struct run_log *l)
{
    struct followed *f;

    LIST_EACH (f, &l->open, struct followed, link) {
        finish(l, f);
    }
}
