/*
 * The logs of a workflow:
 *
 *     GET /api/v1/workflows/NS/NAME/log            podName=, selector=, grep=, logOptions.*
 *     GET /api/v1/workflows/NS/NAME/POD/log        the older form
 *
 *     {"result":{"content":"one line","podName":"hello-x7k2p"}}
 *
 * Without follow pods come one after another, by the time at which they started.  With it, all that
 * run are read at once, new ones are heard of through the changes of Pods, and it ends when the
 * workflow has.
 *
 *     LISTING -- a page of its pods, in a turn; more ----------> LISTING
 *             -- no more --------------------------------------> READING
 *     READING -- a pod is waiting: opened, in a turn ----------> READING
 *             -- follow, and the workflow is over -------------> LISTING, once: the last pods
 *             -- follow, and changes were missed --------------> LISTING
 *             -- nothing is open, nothing will come -----------> OVER
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/apifetch.h"
#include "api/apipod.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "api/watchlog.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "data/json.h"
#include "data/regex.h"
#include "edge/call.h"
#include "flow/argorest/argorest_int.h"
#include "schema/problem.h"
#include "schema/selector.h"

enum { CHUNK = 16 * 1024, TAKEN = 64 };

#define OPTION "logOptions."

/* A log that is being read. */
struct source {
    struct apistream *stream;
    char *pod;
    struct buf raw; /* what is no whole line yet */
};

struct argorest_log {
    struct apistream stream;
    struct apifetch fetch;
    const struct apiserver_config *api;
    char *ns, *workflow, *pod, *container; /* pod, container: NULL if none was named */
    struct selector *selector;             /* of pods; NULL: all */
    struct regex *grep;                    /* of lines; NULL: all */
    struct apipod_log options;
    bool sse;

    bool listing, over, last; /* the workflow is over; this is the last list */
    char *after;              /* the last pod that was listed */
    struct map known;         /* uids of pods that were taken */
    object_vec waiting;
    VEC(struct source) open;
    struct watchcursor pods, workflows; /* while it follows */

    struct buf ready;
    size_t taken;

    pthread_mutex_t lock; /* of the next one: changes are heard of on any thread */
    bool closed;
};

static void
source_done(struct source *s)
{
    apistream_free(s->stream);
    free(s->pod);
    buf_done(&s->raw);
}

static void
release(struct apifetch *f)
{
    struct argorest_log *l = CONTAINER_OF(f, struct argorest_log, fetch);

    watchlog_close(&l->pods);
    watchlog_close(&l->workflows);
    for (size_t i = 0; i < l->open.n; i++)
        source_done(&l->open.at[i]);
    pthread_mutex_destroy(&l->lock);
    vec_done(&l->open);
    object_vec_done(&l->waiting);
    map_done(&l->known);
    selector_free(l->selector);
    regex_free(l->grep);
    buf_done(&l->ready);
    free(l->ns);
    free(l->workflow);
    free(l->pod);
    free(l->container);
    free(l->after);
    free(l);
}

/* Which pods. */

static struct str
container_of(const struct argorest_log *l, const struct object *pod)
{
    const struct json *containers = object_at(pod, "spec.containers");

    if (l->container != NULL)
        return str_of(l->container);
    JSON_EACH (it, containers) {
        if (str_is(json_str(json_get(it.value, "name")), "main"))
            return STR("main");
    }
    return json_str(json_get(json_item(containers, 0), "name"));
}

static bool
has_begun(const struct object *pod, struct str container)
{
    static const char *const lists[] = {"status.containerStatuses", "status.initContainerStatuses"};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        JSON_EACH (it, object_at(pod, lists[i])) {
            if (str_eq(json_str(json_get(it.value, "name")), container))
                return json_at_path(it.value, "state.running") != NULL ||
                       json_at_path(it.value, "state.terminated") != NULL;
        }
    }
    return false;
}

static bool
is_wanted(const struct argorest_log *l, const struct object *pod)
{
    return str_is(object_namespace(pod), l->ns) &&
           str_is(object_label(pod, "workflows.argoproj.io/workflow"), l->workflow) &&
           (l->pod == NULL || str_is(object_name(pod), l->pod)) &&
           (l->selector == NULL ||
            selector_matches(l->selector, object_at(pod, "metadata.labels")));
}

/* One that has not begun is heard of again. */
static void
take_pod(struct argorest_log *l, struct object *pod)
{
    if (!is_wanted(l, pod) || map_get(&l->known, object_uid(pod)) != NULL ||
        !has_begun(pod, container_of(l, pod)))
        return;
    map_put(&l->known, object_uid(pod), l);
    vec_push(&l->waiting, object_ref(pod));
}

static int
by_start(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
    int order = str_cmp(json_str(object_at(x, "status.startTime")),
                        json_str(object_at(y, "status.startTime")));

    return order != 0 ? order : str_cmp(object_name(x), object_name(y));
}

/* In a turn. */

static void on_event(void *arg);

static void
listen(struct argorest_log *l, struct watchcursor *cursor, const struct kind *k)
{
    int64_t rv;

    watchlog_close(cursor);
    *cursor = (struct watchcursor){.on_event = on_event, .arg = l};
    list_init(&cursor->link);
    (void)watchlog_open(l->api->watchlog, k, watchlog_rv(l->api->watchlog), cursor, &rv);
}

/* What came of the workflow before is looked up. */
static void
begin_hearing(struct argorest_log *l, struct turn *t)
{
    cleanup_object struct object *o = NULL;

    listen(l, &l->pods, &kind_pod);
    listen(l, &l->workflows, &kind_workflow);
    o = objects_find(l->api->objects, t, &kind_workflow, str_of(l->ns), str_of(l->workflow));
    l->over = o == NULL || object_is_finished(o);
}

static int
list_pods(struct argorest_log *l, struct turn *t, struct err *e)
{
    struct objects_query q = {.kind = &kind_pod,
                              .ns = str_of(l->ns),
                              .label_key = "workflows.argoproj.io/workflow",
                              .label_value = l->workflow,
                              .after_ns = l->after != NULL ? str_of(l->ns) : STR_NULL,
                              .after_name = str_of(l->after)};
    cleanup_objects object_vec page = VEC_INIT;
    bool more;

    if (l->options.follow && l->after == NULL && !l->over)
        begin_hearing(l, t);
    if (objects_list(l->api->objects, t, &q, &page, &more, e) < 0)
        return e->code;
    for (size_t i = 0; i < page.n; i++)
        take_pod(l, page.at[i]);
    free(l->after);
    l->after = more ? str_dup(object_name(vec_last(&page))) : NULL;
    l->listing = more;
    if (!more && l->waiting.n > 1)
        qsort(l->waiting.at, l->waiting.n, sizeof *l->waiting.at, by_start);
    return 0;
}

/* What cannot be had is no reason to leave out the others; what cannot be had yet is tried again
 * when more is heard of the pod. */
static void
open_log(struct argorest_log *l, struct turn *t, struct object *pod)
{
    struct apipod_log log = l->options;
    struct apistream *stream;
    struct err e = ERR_INIT;

    log.pod = pod;
    log.container = container_of(l, pod);
    if (l->api->pods->log(l->api->pods_arg, t, &log, &stream, &e) < 0) {
        log_debug(l->workflow, "no log: %s", e.msg);
        map_remove(&l->known, object_uid(pod));
        return;
    }
    apistream_listen(stream, on_event, l);
    vec_push(&l->open, ((struct source){.stream = stream, .pod = str_dup(object_name(pod))}));
}

/* All that run, or the next one. */
static void
open_waiting(struct argorest_log *l, struct turn *t)
{
    size_t n = l->options.follow ? l->waiting.n : 1;

    for (size_t i = 0; i < n; i++) {
        open_log(l, t, l->waiting.at[i]);
        object_unref(l->waiting.at[i]);
    }
    l->waiting.n -= n;
    memmove(l->waiting.at, l->waiting.at + n, l->waiting.n * sizeof *l->waiting.at);
}

static int
run_fetch(struct apifetch *f, struct turn *t, struct err *e)
{
    struct argorest_log *l = CONTAINER_OF(f, struct argorest_log, fetch);

    if (l->listing)
        return list_pods(l, t, e);
    open_waiting(l, t);
    return 0;
}

/* Reading. */

static void
on_event(void *arg)
{
    struct argorest_log *l = arg;

    pthread_mutex_lock(&l->lock);
    if (!l->closed && l->stream.on_ready != NULL)
        l->stream.on_ready(l->stream.on_ready_arg);
    pthread_mutex_unlock(&l->lock);
}

static void
send_line(struct argorest_log *l, const struct source *s, struct str line)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT; /* a line that is no text, or takes too long to match */

    if (l->grep != NULL && regex_find(l->grep, line, 0, NULL, &ignored) <= 0)
        return;
    buf_cstr(&text, "{\"content\":");
    json_write_string(&text, line);
    buf_cstr(&text, ",\"podName\":");
    json_write_string(&text, str_of(s->pod));
    buf_char(&text, '}');
    argorest_frame(&l->ready, l->sse, "result", buf_view(&text));
}

static void
send_lines(struct argorest_log *l, struct source *s, bool all)
{
    struct str rest = buf_view(&s->raw);
    ptrdiff_t end;

    while ((end = str_find_char(rest, '\n', 0)) >= 0) {
        send_line(l, s, str_slice(rest, 0, (size_t)end));
        rest = str_slice(rest, (size_t)end + 1, rest.n);
    }
    if (all && rest.n > 0) {
        send_line(l, s, rest);
        rest = STR("");
    }
    memmove(s->raw.p, rest.p, rest.n);
    buf_cut(&s->raw, rest.n);
}

static void
read_sources(struct argorest_log *l, size_t room)
{
    for (size_t i = 0; i < l->open.n && l->ready.n < room;) {
        struct source *s = &l->open.at[i];
        enum feed_state state = apistream_pull(s->stream, &s->raw, CHUNK);
        bool ended = state == FEED_END || state == FEED_BREAK;

        if (s->raw.n > 0)
            send_lines(l, s, ended);
        if (ended) {
            source_done(s);
            vec_swap_remove(&l->open, i);
        } else if (state == FEED_WAIT) {
            i++;
        }
    }
}

/* Changes, while it follows. */

static void
begin_listing(struct argorest_log *l)
{
    free(TAKE(l->after));
    l->listing = true;
}

static void
hear(struct argorest_log *l, struct watchcursor *cursor,
     void (*fn)(struct argorest_log *l, const struct watchevent *e))
{
    struct watchevent events[TAKEN];
    size_t n;

    do {
        n = watchlog_take(cursor, events, TAKEN);
        for (size_t i = 0; i < n; i++) {
            fn(l, &events[i]);
            watchevent_done(&events[i]);
        }
    } while (n > 0); /* fewer than asked for may be all that go at once: then there are more */
    if (cursor->lost)
        begin_listing(l);
}

static void
on_pod(struct argorest_log *l, const struct watchevent *e)
{
    if (!e->gone)
        take_pod(l, e->now);
}

static void
on_workflow(struct argorest_log *l, const struct watchevent *e)
{
    if (str_is(object_namespace(e->now), l->ns) && str_is(object_name(e->now), l->workflow) &&
        (e->gone || object_is_finished(e->now)))
        l->over = true;
}

static void
follow(struct argorest_log *l)
{
    if (l->last)
        return;
    hear(l, &l->pods, on_pod);
    hear(l, &l->workflows, on_workflow);
    if (!l->over)
        return;
    /* The end of the workflow may be heard before the beginning of a pod. */
    l->last = true;
    begin_listing(l);
}

/* True: the core has something to do. */
static bool
must_ask(const struct argorest_log *l)
{
    return l->listing || (l->waiting.n > 0 && (l->options.follow || l->open.n == 0));
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct argorest_log *l = CONTAINER_OF(s, struct argorest_log, stream);

    for (;;) {
        if (l->ready.n > 0) {
            (void)apistream_drain(&l->ready, &l->taken, to, room);
            return FEED_MORE;
        }
        if (apifetch_is_asked(&l->fetch))
            return FEED_WAIT;
        if (l->fetch.why.code < 0) {
            log_warn(NULL, "the logs of a workflow broke off: %s", l->fetch.why.msg);
            return FEED_BREAK;
        }
        if (l->options.follow)
            follow(l);
        read_sources(l, room);
        if (l->ready.n > 0)
            continue;
        if (must_ask(l))
            apifetch_ask(&l->fetch);
        else if (l->open.n > 0 || (l->options.follow && !l->over))
            return FEED_WAIT;
        else
            return FEED_END;
    }
}

static int64_t
next_us(struct apistream *s)
{
    struct argorest_log *l = CONTAINER_OF(s, struct argorest_log, stream);
    int64_t next = INT64_MAX;

    if (apifetch_is_asked(&l->fetch)) /* the core has it */
        return next;
    for (size_t i = 0; i < l->open.n; i++) {
        int64_t one = apistream_next_us(l->open.at[i].stream);

        next = one < next ? one : next;
    }
    return next;
}

static void
free_stream(struct apistream *s)
{
    struct argorest_log *l = CONTAINER_OF(s, struct argorest_log, stream);

    pthread_mutex_lock(&l->lock);
    l->closed = true;
    pthread_mutex_unlock(&l->lock);
    apifetch_close(&l->fetch);
}

static const struct apistream_ops ops = {.pull = pull, .next_us = next_us, .free = free_stream};

/* The request. */

/* logOptions.* as the query of a pod's log. */
static int
read_options(struct argorest_call *c, struct apipod_log *ret, struct err *e)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct apiparam options = {
        .at = ARENA_ARRAY(call_arena(c->call), struct apiparam_pair, c->query.n + 1)};

    for (size_t i = 0; i < c->query.n; i++) {
        struct apiparam_pair pair = c->query.at[i];

        if (!str_starts(pair.name, STR(OPTION)))
            continue;
        pair.name = str_slice(pair.name, sizeof OPTION - 1, pair.name.n);
        options.at[options.n++] = pair;
    }
    if (apipod_log_read(ret, &options, &ps, e) < 0)
        return err_wrap(e, "logOptions");
    return ps.n > 0 ? err_set(e, ERR_BADREQUEST, "logOptions: %s", ps.at[0].text) : 0;
}

static char *
dup_or_null(struct str s)
{
    return s.n > 0 ? str_dup(s) : NULL;
}

static int
read_query(struct argorest_call *c, struct argorest_log *l, struct err *e)
{
    struct str pod = call_param(c->call, "podName");
    struct str selector = argorest_param(c, "selector"), grep = argorest_param(c, "grep");

    l->ns = str_dup(c->ns);
    l->sse = c->accepts_events;
    l->pod = dup_or_null(pod.p != NULL ? pod : argorest_param(c, "podName"));
    l->container = dup_or_null(argorest_param(c, OPTION "container"));
    if (read_options(c, &l->options, e) < 0)
        return e->code;
    if (selector.n > 0 && selector_parse(selector, &l->selector, e) < 0)
        return err_wrap(e, "selector");
    if (grep.n > 0 && regex_compile(grep, &l->grep, e) < 0)
        return err_wrap(e, "grep");
    return 0;
}

static int
prepare(struct argorest_call *c, struct err *e)
{
    struct argorest_log *l = NEW(struct argorest_log);

    l->stream.ops = &ops;
    l->api = argorest_config(c);
    pthread_mutex_init(&l->lock, NULL);
    list_init(&l->pods.link);
    list_init(&l->workflows.link);
    apifetch_init(&l->fetch, l->api->core, &l->stream, run_fetch, release);
    c->plan = l;
    c->stream = &l->stream;
    if (l->api->pods == NULL)
        return err_set(e, ERR_UNSUPPORTED, "this server has no logs");
    if (argorest_authorize(c, "get", &kind_pod, "log", c->ns, STR_NULL, e) < 0)
        return e->code;
    return read_query(c, l, e);
}

static int
run(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct argorest_log *l = c->plan;
    cleanup_object struct object *o = NULL;
    struct str name;

    if (argorest_resolve(c, t, &name, e) < 0 || c->again ||
        objects_get(l->api->objects, t, &kind_workflow, c->ns, name, &o, e) < 0)
        return e->code;
    l->workflow = str_dup(name);
    l->over = l->last = object_is_finished(o);
    l->stream.endless = l->options.follow;
    l->listing = true;
    return list_pods(l, t, e);
}

#define LOG(path) \
    { \
        .method = "GET", .pattern = path, .kind = &argorest_workflow, .right = "get", \
        .prepare = prepare, .run = run \
    }

const struct argorest_op argorest_log_ops[] = {
    LOG("/api/v1/workflows/{namespace}/{name}/log"),
    LOG("/api/v1/workflows/{namespace}/{name}/{podName}/log"),
    {.method = NULL},
};
