#include "control/podlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/apipod.h"
#include "api/apistream.h"
#include "api/object.h"
#include "api/watchlog.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "runner/logs.h"
#include "runner/process/process_runtime.h"

enum { CHUNK = 64 * 1024, TAKEN = 16 };

struct podlog {
    struct apistream stream;
    const struct podlog_config *config;
    struct watchcursor cursor;
    char *uid, *container, *id; /* id: of the attempt, as status has it */
    int fd;
    bool follow, timestamps, over;
    int64_t since_us, left_bytes; /* left_bytes < 0: no limit */
    struct buf raw;               /* read, not yet cut into records */
    bool inside;                  /* of a line that goes on in the next record */
    struct buf ready;
    size_t taken;
    int64_t look_us; /* boot time of the next look */
};

/* Which attempt. */

static const struct json *
status_of(const struct object *pod, struct str container)
{
    static const char *const lists[] = {"containerStatuses", "initContainerStatuses"};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        JSON_EACH (it, json_get(object_at(pod, "status"), lists[i])) {
            if (str_eq(json_str(json_get(it.value, "name")), container))
                return it.value;
        }
    }
    return NULL;
}

static struct str
attempt_id(const struct json *status, bool previous)
{
    struct str id;

    if (previous)
        return json_str(json_at_path(status, "lastState.terminated.containerID"));
    id = json_str(json_get(status, "containerID"));
    if (id.n == 0)
        id = json_str(json_at_path(status, "state.terminated.containerID"));
    return id.n > 0 ? id : json_str(json_at_path(status, "lastState.terminated.containerID"));
}

static bool
is_running(const struct json *status)
{
    return json_at_path(status, "state.running") != NULL;
}

static int
no_log(const struct apipod_log *w, const struct json *status, struct err *e)
{
    struct str pod = object_name(w->pod);
    struct str reason = json_str(json_at_path(status, "state.waiting.reason"));

    if (w->previous)
        return err_set(e, ERR_BADREQUEST,
                       "previous terminated container \"%.*s\" in pod \"%.*s\" not found",
                       STR_ARG(w->container), STR_ARG(pod));
    return err_set(e, ERR_BADREQUEST,
                   "container \"%.*s\" in pod \"%.*s\" is waiting to start: %.*s",
                   STR_ARG(w->container), STR_ARG(pod), (int)(reason.n > 0 ? reason.n : 17),
                   reason.n > 0 ? reason.p : "ContainerCreating");
}

static int
open_file(struct podlog *l, struct str id, struct err *e)
{
    cleanup_free char *relative = NULL, *path = NULL;
    unsigned attempt;

    if (!apipod_attempt(id, &attempt))
        return err_set(e, ERR_IO, "containerID \"%.*s\" names no attempt", STR_ARG(id));
    relative = process_log_path(l->uid, l->container, attempt);
    path = xasprintf("%s/%s", l->config->data, relative);
    l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (l->fd < 0 && errno != ENOENT)
        return err_errno(e, "the log of container \"%s\"", l->container);
    if (l->fd < 0)
        return err_set(e, ERR_BADREQUEST, "unable to retrieve container logs for %.*s",
                       STR_ARG(id));
    return 0;
}

/* Tail. */

static bool
ends_line(struct str record)
{
    struct logs_record r;

    return logs_cut(&record, &r) && !r.partial;
}

/* Walks all records; `from` is told of the place behind each one that ends a line. */
static int64_t
count_lines(int fd, int64_t skip, off_t *from)
{
    cleanup_buf struct buf raw = BUF_INIT;
    off_t at = 0, begun = 0;
    int64_t lines = 0;
    ssize_t n;

    do {
        char *room = buf_reserve(&raw, CHUNK);
        struct str rest;
        ptrdiff_t end;

        n = pread(fd, room, CHUNK, at);
        if (n <= 0)
            break;
        at += n;
        buf_grew(&raw, (size_t)n);
        rest = buf_view(&raw);
        while ((end = str_find_char(rest, '\n', 0)) >= 0) {
            lines += ends_line(str_slice(rest, 0, (size_t)end + 1));
            begun += end + 1;
            if (lines == skip && from != NULL) {
                *from = begun;
                return lines;
            }
            rest = str_slice(rest, (size_t)end + 1, rest.n);
        }
        memmove(raw.p, rest.p, rest.n);
        buf_cut(&raw, rest.n);
    } while (n > 0);
    return lines;
}

static void
go_to_tail(struct podlog *l, int64_t lines)
{
    int64_t all = count_lines(l->fd, -1, NULL);
    off_t from = 0;

    if (all > lines)
        (void)count_lines(l->fd, all - lines, &from);
    (void)lseek(l->fd, from, SEEK_SET);
}

/* Text. */

static bool
is_too_old(const struct podlog *l, struct str time)
{
    struct err e = ERR_INIT;
    int64_t us = 0;

    return l->since_us != INT64_MIN && timestamp_parse(time, &us, &e) >= 0 && us < l->since_us;
}

static void
add_record(struct podlog *l, const struct logs_record *r)
{
    size_t before = l->ready.n;

    if (is_too_old(l, r->time) || l->left_bytes == 0)
        return;
    if (l->timestamps && !l->inside && r->time.n > 0) {
        buf_str(&l->ready, r->time);
        buf_char(&l->ready, ' ');
    }
    buf_str(&l->ready, r->text);
    if (!r->partial)
        buf_char(&l->ready, '\n');
    l->inside = r->partial;
    if (l->left_bytes < 0)
        return;
    if ((int64_t)(l->ready.n - before) > l->left_bytes)
        buf_cut(&l->ready, before + (size_t)l->left_bytes);
    l->left_bytes -= (int64_t)(l->ready.n - before);
}

/* True if there was something to read. */
static bool
read_some(struct podlog *l)
{
    char *room = buf_reserve(&l->raw, CHUNK);
    ssize_t n = read(l->fd, room, CHUNK);
    struct logs_record r;
    struct str rest;

    if (n <= 0)
        return false;
    buf_grew(&l->raw, (size_t)n);
    rest = buf_view(&l->raw);
    while (logs_cut(&rest, &r))
        add_record(l, &r);
    memmove(l->raw.p, rest.p, rest.n);
    buf_cut(&l->raw, rest.n);
    return true;
}

/* The Pod's changes: does the attempt still run? */
static void
look_at_pod(struct podlog *l)
{
    struct watchevent events[TAKEN];
    size_t n;

    do {
        n = watchlog_take(&l->cursor, events, TAKEN);
        for (size_t i = 0; i < n; i++) {
            const struct object *pod = events[i].now;

            if (str_is(object_uid(pod), l->uid)) {
                const struct json *s = status_of(pod, str_of(l->container));

                if (events[i].gone || !is_running(s) ||
                    !str_is(json_str(json_get(s, "containerID")), l->id))
                    l->follow = false;
            }
            watchevent_done(&events[i]);
        }
    } while (n > 0);
    if (l->cursor.lost)
        l->follow = false;
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct podlog *l = CONTAINER_OF(s, struct podlog, stream);
    bool follow = l->follow;

    for (;;) {
        if (l->ready.n > 0) {
            (void)apistream_drain(&l->ready, &l->taken, to, room);
            return FEED_MORE;
        }
        if (l->over || l->left_bytes == 0)
            return FEED_END;
        /* What ended the container was written before its end was known. */
        if (follow) {
            look_at_pod(l);
            follow = l->follow;
        }
        if (read_some(l))
            continue;
        if (!l->follow)
            l->over = true;
        else
            break;
    }
    l->look_us = clock_boot_us(l->config->clock) + LOGS_PAUSE_US;
    return FEED_WAIT;
}

static int64_t
next_us(struct apistream *s)
{
    const struct podlog *l = CONTAINER_OF(s, struct podlog, stream);

    return l->follow ? l->look_us : INT64_MAX;
}

static void
free_log(struct apistream *s)
{
    struct podlog *l = CONTAINER_OF(s, struct podlog, stream);

    watchlog_close(&l->cursor);
    if (l->fd >= 0)
        close(l->fd);
    buf_done(&l->raw);
    buf_done(&l->ready);
    free(l->uid);
    free(l->container);
    free(l->id);
    free(l);
}

static const struct apistream_ops ops = {.pull = pull, .next_us = next_us, .free = free_log};

static void
on_event(void *arg)
{
    struct podlog *l = arg;

    if (l->stream.on_ready != NULL)
        l->stream.on_ready(l->stream.on_ready_arg);
}

static void
begin_following(struct podlog *l)
{
    int64_t rv;

    l->cursor.on_event = on_event;
    l->cursor.arg = l;
    (void)watchlog_open(l->config->watchlog, &kind_pod, watchlog_rv(l->config->watchlog),
                        &l->cursor, &rv);
    l->follow = true;
}

int
podlog_open(void *config, struct turn *t, const struct apipod_log *wanted, struct apistream **ret,
            struct err *e)
{
    const struct json *status = status_of(wanted->pod, wanted->container);
    struct str id = attempt_id(status, wanted->previous);
    struct podlog *l;

    (void)t;
    if (id.n == 0)
        return no_log(wanted, status, e);
    l = NEW(struct podlog);
    l->stream.ops = &ops;
    l->stream.endless = wanted->follow;
    l->config = config;
    l->uid = str_dup(object_uid(wanted->pod));
    l->container = str_dup(wanted->container);
    l->id = str_dup(id);
    l->timestamps = wanted->timestamps;
    l->since_us = wanted->since_us;
    l->left_bytes = wanted->limit_bytes;
    list_init(&l->cursor.link);
    if (open_file(l, id, e) < 0) {
        free_log(&l->stream);
        return e->code;
    }
    if (wanted->tail_lines >= 0)
        go_to_tail(l, wanted->tail_lines);
    if (wanted->follow && !wanted->previous && is_running(status) && l->config->watchlog != NULL)
        begin_following(l);
    *ret = &l->stream;
    return 0;
}
