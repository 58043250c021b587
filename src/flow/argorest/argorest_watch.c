/*
 * Watches: workflows and Events, as they change.
 *
 *     GET /api/v1/workflow-events/NS     {"result":{"type":"MODIFIED","object":{}}}
 *     GET /api/v1/stream/events/NS       {"result":{}}            the Event alone
 *
 * A stream over the object API's own watch: each of its lines becomes one of this API's, or a
 * server-sent event ("data: ...", a blank line).  A watch of one workflow (fieldSelector
 * metadata.name=) tells of its nodes, too.
 */
#include <stdlib.h>
#include <string.h>

#include "api/apistream.h"
#include "api/kind.h"
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_int.h"

enum { ROOM = 64 * 1024 };

struct argorest_watch {
    struct apistream stream;
    struct apistream *inner;
    struct arena arena; /* of the fields */
    struct argorest_fields fields;
    bool whole_events; /* with their type; else the object alone */
    bool sse;
    bool over;
    struct buf raw; /* what came and is no whole line yet */
    struct buf ready;
    size_t taken;
};

void
argorest_frame(struct buf *to, bool sse, const char *key, struct str json)
{
    buf_printf(to, "%s{\"%s\":", sse ? "data: " : "", key);
    buf_str(to, json);
    buf_cstr(to, sse ? "}\n\n" : "}\n");
}

/* The API says so when the watch cannot go on. */
static void
send_error(struct argorest_watch *w, const struct json *status)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    int ignored;

    err_set(&e, ERR_GONE, "%s", json_cstr_or(json_get(status, "message"), "the watch has ended"));
    argorest_error_write(&e, &text, &ignored);
    argorest_frame(&w->ready, w->sse, "error", buf_view(&text));
    w->over = true;
}

static int
write_event(struct argorest_watch *w, struct str type, const struct json *object, struct buf *to,
            struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    json_write(&text, object);
    if (!w->whole_events)
        return argorest_fields_pass(&w->fields, STR("result"), buf_view(&text), to, e);
    buf_cstr(to, "{\"type\":");
    json_write_string(to, type);
    buf_cstr(to, ",\"object\":");
    if (argorest_fields_pass(&w->fields, STR("result.object"), buf_view(&text), to, e) < 0)
        return e->code;
    buf_char(to, '}');
    return 0;
}

static int
send_line(struct argorest_watch *w, struct str line, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct str type;

    if (json_parse(line, NULL, &doc, e) < 0)
        return e->code;
    type = json_str(json_get(json_root(doc), "type"));
    if (str_is(type, "ERROR")) {
        send_error(w, json_get(json_root(doc), "object"));
        return 0;
    }
    if (write_event(w, type, json_get(json_root(doc), "object"), &text, e) < 0)
        return e->code;
    argorest_frame(&w->ready, w->sse, "result", buf_view(&text));
    return 0;
}

static int
send_lines(struct argorest_watch *w, struct err *e)
{
    struct str rest = buf_view(&w->raw);
    ptrdiff_t end;

    while (!w->over && (end = str_find_char(rest, '\n', 0)) >= 0) {
        if (send_line(w, str_slice(rest, 0, (size_t)end), e) < 0)
            return e->code;
        rest = str_slice(rest, (size_t)end + 1, rest.n);
    }
    memmove(w->raw.p, rest.p, rest.n);
    buf_cut(&w->raw, rest.n);
    return 0;
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct argorest_watch *w = CONTAINER_OF(s, struct argorest_watch, stream);
    struct err e = ERR_INIT;

    for (;;) {
        enum feed_state state;

        if (w->ready.n > 0) {
            (void)apistream_drain(&w->ready, &w->taken, to, room);
            return FEED_MORE;
        }
        if (w->over)
            return FEED_END;
        state = apistream_pull(w->inner, &w->raw, ROOM);
        if (w->raw.n > 0 && send_lines(w, &e) < 0)
            return FEED_BREAK;
        if (state == FEED_END)
            w->over = true;
        else if (state != FEED_MORE && w->ready.n == 0)
            return state;
    }
}

static int64_t
next_us(struct apistream *s)
{
    return apistream_next_us(CONTAINER_OF(s, struct argorest_watch, stream)->inner);
}

static void
free_stream(struct apistream *s)
{
    struct argorest_watch *w = CONTAINER_OF(s, struct argorest_watch, stream);

    apistream_free(w->inner);
    arena_done(&w->arena);
    buf_done(&w->raw);
    buf_done(&w->ready);
    free(w);
}

static const struct apistream_ops ops = {.pull = pull, .next_us = next_us, .free = free_stream};

static void
on_inner(void *arg)
{
    struct argorest_watch *w = arg;

    if (w->stream.on_ready != NULL)
        w->stream.on_ready(w->stream.on_ready_arg);
}

static struct apistream *
wrap(struct argorest_call *c, struct apistream *inner)
{
    struct argorest_watch *w = NEW(struct argorest_watch);
    struct str fields = argorest_param(c, "fields");

    w->stream.ops = &ops;
    w->stream.endless = inner->endless;
    w->inner = inner;
    w->sse = c->accepts_events;
    w->whole_events = c->op->kind == &argorest_workflow;
    if (fields.n > 0)
        argorest_fields_read(&w->arena, str_of(str_dup_arena(&w->arena, fields)), &w->fields);
    apistream_listen(inner, on_inner, w);
    return &w->stream;
}

static int
prepare(struct argorest_call *c, struct err *e)
{
    static const char *const passed[] = {"labelSelector",        "fieldSelector",
                                         "resourceVersion",      "timeoutSeconds",
                                         "resourceVersionMatch", NULL};

    (void)e;
    c->wrap = wrap;
    argorest_ask(c, "GET", c->op->kind->kind, STR_NULL, NULL);
    argorest_ask_with(c, "watch", STR("true"));
    argorest_ask_with_options(c, passed);
    return 0;
}

static const struct argorest_kind events = {&kind_event, "event"};

#define WATCH(path, k) \
    { \
        .method = "GET", .pattern = path, .kind = &(k), .prepare = prepare \
    }

const struct argorest_op argorest_watch_ops[] = {
    WATCH("/api/v1/workflow-events/{namespace}", argorest_workflow),
    WATCH("/api/v1/workflow-events/", argorest_workflow),
    WATCH("/api/v1/stream/events/{namespace}", events),
    WATCH("/api/v1/stream/events/", events),
    {.method = NULL},
};
