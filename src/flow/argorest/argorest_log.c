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
 */
#include <stdlib.h>
#include <string.h>

#include "api/apiserver.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "data/regex.h"
#include "edge/call.h"
#include "flow/argorest/argorest_int.h"
#include "flow/argorest/argorest_log.h"
#include "schema/problem.h"
#include "schema/selector.h"

enum { CHUNK = 16 * 1024 };

#define OPTION "logOptions."

static void
source_done(struct argorest_logsource *s)
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

/* Reading. */

void
argorest_log_on_event(void *arg)
{
    struct argorest_log *l = arg;

    pthread_mutex_lock(&l->lock);
    if (!l->closed && l->stream.on_ready != NULL)
        l->stream.on_ready(l->stream.on_ready_arg);
    pthread_mutex_unlock(&l->lock);
}

static void
send_line(struct argorest_log *l, const struct argorest_logsource *s, struct str line)
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
send_lines(struct argorest_log *l, struct argorest_logsource *s, bool all)
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
        struct argorest_logsource *s = &l->open.at[i];
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
            argorest_logpods_hear(l);
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
    apifetch_init(&l->fetch, l->api->core, &l->stream, argorest_logpods_fetch, release);
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
    return argorest_logpods_list(l, t, e);
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
