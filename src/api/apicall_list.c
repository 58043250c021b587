/*
 * Lists: a stream over slices.
 *
 * The core is asked for at most SLICE objects at a time, in the order of namespace and name, by the
 * best index that the selectors have.  Whoever pulls the stream tries the other terms, renders what
 * is left, and asks for the next slice: so no turn builds a long list, and what a list costs is
 * paid by the thread of its client.
 *
 *     ASKED -- the slice's message is done --> READY -- pull: rendered, more wanted --> ASKED
 *                                              READY -- enough, or nothing more --> TAIL --> OVER
 *
 * The list has the resourceVersion that the store had at the first slice.  Later slices may show
 * newer objects; a watch from that version brings the reader to where they are.
 */
#include "api/apicall_int.h"

#include <inttypes.h>

#include "api/apifetch.h"
#include "api/continuetoken.h"
#include "base/err.h"
#include "base/log.h"
#include "core/core.h"
#include "core/turn.h"
#include "schema/fielderror.h"
#include "schema/problem.h"
#include "store/store.h"

enum {
    SLICE = 500,
    COUNTED = 1000, /* objects behind a page that are counted; beyond that it is not said */
};

struct liststream {
    struct apistream stream;
    struct apifetch fetch;
    struct apiserver *server;
    struct apiselect selection;
    struct render render;
    struct arena arena; /* of texts */
    struct str ns;      /* STR_NULL: all */
    int64_t rv, limit;  /* limit 0: none */

    /* The slice. */
    object_vec slice;
    size_t next; /* in it */
    bool more;   /* there are objects behind the slice */
    bool widely; /* the first slice did not fill the page: a selector leaves many out */
    int64_t remaining;
    char *after_ns, *after_name; /* the last object of the slice */

    /* What was rendered. */
    int64_t written;
    struct object *kept; /* the last one that was */
    struct buf ready;
    size_t taken;
    bool head, tail;
};

static void
release(struct apifetch *f)
{
    struct liststream *l = CONTAINER_OF(f, struct liststream, fetch);

    apiselect_done(&l->selection);
    object_vec_done(&l->slice);
    object_unref(l->kept);
    buf_done(&l->ready);
    free(l->after_ns);
    free(l->after_name);
    arena_done(&l->arena);
    free(l);
}

/* Whether each object of a slice is sure to be in the list. */
static bool
is_exact(const struct liststream *l)
{
    return l->selection.labels == NULL && l->selection.fields == NULL;
}

/* How many objects to read.  Where an index serves the selector, a page wants the first few, and
 * one more, which shows that it is not the last page. */
static size_t
slice_limit(struct liststream *l)
{
    int64_t left = l->limit - l->written;
    bool widely = l->widely;

    if (l->limit == 0 || left >= SLICE)
        return SLICE;
    if (is_exact(l))
        return (size_t)left;
    l->widely = true;
    return widely ? SLICE : (size_t)left + 1;
}

static int
read_slice(struct liststream *l, struct turn *t, struct err *e)
{
    const struct apiserver_config *config = apiserver_config(l->server);
    int64_t left = l->limit - l->written;
    struct objects_query q = {
        .kind = kind_stored(l->selection.kind),
        .ns = l->ns,
        .after_ns = str_of(l->after_ns),
        .after_name = str_of(l->after_name),
        .limit = slice_limit(l),
        .bytes = APISTREAM_SLICE_BYTES,
    };
    struct str name = apiselect_name(&l->selection);
    struct object *only;

    l->more = false;
    if (name.p != NULL && l->ns.p != NULL) {
        only = objects_find(config->objects, t, q.kind, l->ns, name);
        if (only != NULL)
            vec_push(&l->slice, only);
        return 0;
    }
    apiselect_index(&l->selection, &q);
    if (objects_list(config->objects, t, &q, &l->slice, &l->more, e) < 0)
        return e->code;
    if (l->slice.n > 0) {
        free(l->after_ns);
        free(l->after_name);
        l->after_ns = str_dup(object_namespace(vec_last(&l->slice)));
        l->after_name = str_dup(object_name(vec_last(&l->slice)));
    }
    if (l->more && l->limit > 0 && is_exact(l) && (int64_t)l->slice.n == left) {
        q.after_ns = str_of(l->after_ns);
        q.after_name = str_of(l->after_name);
        return objects_count(config->objects, t, &q, COUNTED, &l->remaining, e);
    }
    return 0;
}

static int
run_slice(struct apifetch *f, struct turn *t, struct err *e)
{
    return read_slice(CONTAINER_OF(f, struct liststream, fetch), t, e);
}

static void
ask(struct liststream *l)
{
    for (size_t i = 0; i < l->slice.n; i++)
        object_unref(l->slice.at[i]);
    vec_clear(&l->slice);
    l->next = 0;
    apifetch_ask(&l->fetch);
}

/* Rendering. */

static void
keep_last(struct liststream *l, const struct object *o)
{
    object_unref(l->kept);
    l->kept = object_ref(o);
}

static void
write_tail(struct liststream *l, bool more)
{
    cleanup_buf struct buf token = BUF_INIT;

    if (more && l->kept != NULL) {
        struct continuetoken t = {
            .rv = l->rv, .ns = object_namespace(l->kept), .name = object_name(l->kept)};

        continuetoken_write(&t, &token);
    }
    render_list_tail(&l->render, l->rv, token.n > 0 ? buf_cstring(&token) : NULL,
                     token.n > 0 && is_exact(l) ? l->remaining : -1, &l->ready);
    l->tail = true;
    if (l->render.accept.yaml) {
        cleanup_buf struct buf json = l->ready;

        l->ready = BUF_INIT;
        render_body(&l->render.accept, buf_view(&json), &l->ready);
    }
}

/* Renders up to about `room` bytes of the slice.  True: there is nothing more to ask for. */
static bool
render_slice(struct liststream *l, size_t room)
{
    while (l->next < l->slice.n && (l->ready.n < room || l->render.accept.yaml)) {
        const struct object *o = l->slice.at[l->next];

        if (!apiselect_matches(&l->selection, o)) {
            l->next++;
            continue;
        }
        if (l->limit > 0 && l->written == l->limit) {
            write_tail(l, true);
            return true;
        }
        render_list_item(&l->render, o, l->written == 0, &l->ready);
        l->written++;
        keep_last(l, o);
        l->next++;
    }
    if (l->next < l->slice.n)
        return true;
    if (!l->more || (is_exact(l) && l->limit > 0 && l->written == l->limit)) {
        write_tail(l, l->more);
        return true;
    }
    return false;
}

/* YAML is made of the whole list. */
static bool
may_leave(const struct liststream *l)
{
    return l->ready.n > 0 && (!l->render.accept.yaml || l->tail);
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct liststream *l = CONTAINER_OF(s, struct liststream, stream);

    for (;;) {
        if (may_leave(l)) {
            (void)apistream_drain(&l->ready, &l->taken, to, room);
            return FEED_MORE;
        }
        if (l->tail)
            return FEED_END;
        if (apifetch_is_asked(&l->fetch))
            return FEED_WAIT;
        if (l->fetch.why.code < 0) {
            log_warn(NULL, "a list broke off: %s", l->fetch.why.msg);
            return FEED_BREAK;
        }
        if (!l->head) {
            l->head = true;
            render_list_head(&l->render, &l->ready);
        }
        if (!render_slice(l, room))
            ask(l);
    }
}

static void
free_stream(struct apistream *s)
{
    apifetch_close(&CONTAINER_OF(s, struct liststream, stream)->fetch);
}

static const struct apistream_ops stream_ops = {.pull = pull, .free = free_stream};

/* The request. */

static struct liststream *
make_stream(struct apicall *c)
{
    struct liststream *l = NEW(struct liststream);

    l->stream.ops = &stream_ops;
    l->server = c->server;
    l->render = apicall_render(c);
    l->ns = c->ns.p != NULL ? str_of(str_dup_arena(&l->arena, c->ns)) : STR_NULL;
    l->remaining = -1;
    apifetch_init(&l->fetch, apicall_config(c)->core, &l->stream, run_slice, release);
    return l;
}

struct plan {
    struct liststream *list;
    int64_t rv; /* at least this; < 0: not said */
    bool exact, goes_on;
};

/* How the version is meant. */
static int
read_match(struct apicall *c, struct plan *p, struct str rv)
{
    static const char field[] = "resourceVersionMatch";
    static const char *const matches[] = {"Exact", "NotOlderThan", "", NULL};
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct str match = apiparam_text(&c->param, field);

    p->exact = str_is(match, "Exact");
    if (match.n > 0 && rv.n == 0)
        fielderror_forbidden(
            &ps, field, "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (match.n > 0 && apiparam_text(&c->param, "continue").n > 0)
        fielderror_forbidden(&ps, field,
                             "resourceVersionMatch is forbidden when continue is provided");
    if (match.n > 0 && !p->exact && !str_is(match, "NotOlderThan"))
        fielderror_unsupported(&ps, field, match, matches);
    if (p->exact && str_is(rv, "0"))
        fielderror_forbidden(
            &ps, field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    if (apiparam_text(&c->param, "sendInitialEvents").p != NULL)
        fielderror_forbidden(&ps, "sendInitialEvents", "sendInitialEvents is forbidden for list");
    if (ps.n == 0)
        return 0;
    failure_invalid(&c->failure, "meta.k8s.io", "ListOptions", STR_NULL, &ps);
    return ERR_INVALID;
}

static int
read_version(struct apicall *c, struct plan *p)
{
    struct str rv = apiparam_text(&c->param, "resourceVersion");

    p->rv = -1;
    if (read_match(c, p, rv) < 0)
        return ERR_INVALID;
    if (rv.n > 0 && (!str_to_int(rv, &p->rv) || p->rv < 0))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "invalid resource version: resourceVersion: Invalid value: \"%.*s\": "
                           "strconv.ParseUint: parsing \"%.*s\": invalid syntax",
                           STR_ARG(rv), STR_ARG(rv));
    return 0;
}

static int
read_continue(struct apicall *c, struct plan *p)
{
    struct str text = apiparam_text(&c->param, "continue");
    struct continuetoken token = {.rv = 0};
    struct err e = ERR_INIT;

    if (text.n == 0)
        return 0;
    if (p->rv > 0)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "specifying resource version is not allowed when using continue");
    if (continuetoken_read(&c->arena, text, &token, &e) < 0)
        return failure_set(&c->failure, ERR_BADREQUEST, "invalid continue token: %s", e.msg);
    p->goes_on = true;
    p->list->rv = token.rv;
    p->list->after_ns = str_dup(token.ns);
    p->list->after_name = str_dup(token.name);
    return 0;
}

static int
prepare(struct apicall *c)
{
    struct plan *p = ARENA_NEW(&c->arena, struct plan);
    enum render_include include;
    struct err e = ERR_INIT;

    p->list = make_stream(c);
    c->plan = p;
    c->stream = &p->list->stream;
    if (!render_include_parse(apiparam_text(&c->param, "includeObject"), &include))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "includeObject must be None, Metadata or Object");
    if (apiparam_int(&c->param, "limit", 0, &p->list->limit, &e) < 0)
        return failure_set(&c->failure, ERR_BADREQUEST, "%s", e.msg);
    if (read_version(c, p) < 0 || read_continue(c, p) < 0)
        return ERR_BADREQUEST;
    return apicall_select(c, &p->list->selection);
}

/* What the first page began with is no longer known: the client may start again, or go on with the
 * token given here. */
static int
continue_expired(struct apicall *c, const struct liststream *l)
{
    struct continuetoken again = {
        .rv = -1, .ns = str_of(l->after_ns), .name = str_of(l->after_name)};
    cleanup_buf struct buf text = BUF_INIT;

    continuetoken_write(&again, &text);
    failure_set(&c->failure, ERR_GONE,
                "The provided continue parameter is too old to display a consistent list result. "
                "You can start a new list without the continue parameter, or use the continue "
                "token in this response to retrieve the remainder of the results. Continuing with "
                "the provided token results in an inconsistent list - objects that were created, "
                "modified, or deleted between the time the first chunk was returned and now may "
                "show up in the list.");
    c->failure.go_on = buf_take(&text);
    return ERR_GONE;
}

static int
too_new(struct apicall *c, int64_t rv, int64_t now)
{
    failure_set(&c->failure, ERR_TIMEOUT,
                "Timeout: Too large resource version: %" PRId64 ", current: %" PRId64, rv, now);
    failure_cause(&c->failure, "ResourceVersionTooLarge", "", "Too large resource version");
    c->failure.retry_after_s = 1;
    return ERR_TIMEOUT;
}

static int
run_exact(struct apicall *c, struct turn *t, const struct plan *p, struct err *e)
{
    struct liststream *l = p->list;

    if (p->rv < objects_oldest_rv(apicall_config(c)->objects))
        return failure_set(&c->failure, ERR_GONE,
                           "The resourceVersion for the provided list is too old.");
    l->rv = p->rv;
    l->limit = 0;
    if (objects_list_at(apicall_config(c)->objects, t, c->stored, l->ns, p->rv, &l->slice, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    const struct plan *p = c->plan;
    struct liststream *l = p->list;
    struct objects *os = apicall_config(c)->objects;
    int64_t now;

    if (p->goes_on && l->rv >= 0 && l->rv < objects_oldest_rv(os))
        return continue_expired(c, l);
    if (p->rv > (now = store_rv(turn_store(t))))
        return too_new(c, p->rv, now);
    if (p->exact && p->rv < now)
        return run_exact(c, t, p, e);
    if (read_slice(l, t, e) < 0)
        return apicall_fail(c, e);
    if (!p->goes_on || l->rv < 0) {
        l->rv = store_rv(turn_store(t));
        objects_hold_still(os, t);
    }
    return 0;
}

const struct apicall_verb apicall_list = {.name = "list", .prepare = prepare, .run = run};
