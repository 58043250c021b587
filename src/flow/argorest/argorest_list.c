/*
 * Lists: a stream over slices.
 *
 *     {"items":[{},{}],"metadata":{"resourceVersion":"12","continue":"..."}}
 *
 * Objects come in slices of the store's order, namespace and name.  Those that match are a page:
 * `limit` of them, or without a limit those of one slice.  As upstream, each page is in an order of
 * its own (unfinished workflows first, the newest first); nothing is promised beyond it.  Workflows
 * get their nodes, a few in each turn, unless the client wants none of them.
 *
 *     ASKED -- a slice: more are needed for the page ---------> ASKED
 *           -- the page is whole: sorted ---------------------> PAGE
 *     PAGE  -- pull: some of it has no nodes yet -------------> ASKED (composed) --> PAGE
 *           -- pull: all of it was written, no limit ---------> ASKED
 *           -- pull: all was written, limit or nothing more --> OVER
 */
#include <inttypes.h>
#include <stdlib.h>

#include "api/apifetch.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/continuetoken.h"
#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_filter.h"
#include "flow/argorest/argorest_int.h"
#include "store/store.h"

enum {
    SLICE = 500,
    COMPOSED = 20,   /* workflows that get their nodes in one turn */
    MAX_PAGE = 5000, /* a larger limit gives so many, and a token for the rest */
};

#define COMPLETED "workflows.argoproj.io/completed"

struct argorest_list {
    struct apistream stream;
    struct apifetch fetch;
    const struct apiserver_config *api;
    struct argorest_filter filter;
    struct argorest_fields fields;
    bool wants_nodes;
    int64_t rv, limit; /* limit 0: none */

    char *after_ns, *after_name; /* the last object that was looked at */
    bool more;                   /* there may be objects behind it */
    object_vec page;
    size_t composed, next; /* of the page: those with nodes, those written */
    bool whole;            /* the page is */

    struct buf ready;
    size_t taken;
    bool head, first, over;
};

static void
release(struct apifetch *f)
{
    struct argorest_list *l = CONTAINER_OF(f, struct argorest_list, fetch);

    argorest_filter_done(&l->filter);
    object_vec_done(&l->page);
    buf_done(&l->ready);
    free(l->after_ns);
    free(l->after_name);
    free(l);
}

/* In a turn. */

static void
go_behind(struct argorest_list *l, const struct object *o)
{
    free(l->after_ns);
    free(l->after_name);
    l->after_ns = str_dup(object_namespace(o));
    l->after_name = str_dup(object_name(o));
}

static void
take_slice(struct argorest_list *l, const object_vec *slice)
{
    for (size_t i = 0; i < slice->n; i++) {
        if (l->limit > 0 && (int64_t)l->page.n == l->limit) {
            l->more = true;
            return;
        }
        go_behind(l, slice->at[i]);
        if (argorest_filter_matches(&l->filter, slice->at[i]))
            vec_push(&l->page, object_ref(slice->at[i]));
    }
}

/* Unfinished ones first, by creation; then by their end: the newest first. */
static int
newest_first(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
    struct str x_end = json_str(object_at(x, "status.finishedAt"));
    struct str y_end = json_str(object_at(y, "status.finishedAt"));
    int order;

    if ((x_end.n == 0) != (y_end.n == 0))
        return x_end.n == 0 ? -1 : 1;
    order = x_end.n > 0 ? str_cmp(y_end, x_end)
                        : str_cmp(json_str(object_at(y, "metadata.creationTimestamp")),
                                  json_str(object_at(x, "metadata.creationTimestamp")));
    return order != 0 ? order : str_cmp(object_name(x), object_name(y));
}

static int
read_slice(struct argorest_list *l, struct turn *t, struct err *e)
{
    struct objects_query q = {.kind = l->filter.select.kind,
                              .ns = l->filter.ns,
                              .after_ns = str_of(l->after_ns),
                              .after_name = str_of(l->after_name),
                              .limit = SLICE};
    cleanup_objects object_vec slice = VEC_INIT;

    apiselect_index(&l->filter.select, &q);
    if (l->filter.finished && q.label_key == NULL && q.field_path == NULL) {
        q.label_key = COMPLETED;
        q.label_value = "true";
    }
    if (objects_list(l->api->objects, t, &q, &slice, &l->more, e) < 0)
        return e->code;
    take_slice(l, &slice);
    l->whole = !l->more || l->limit == 0 || (int64_t)l->page.n == l->limit;
    if (l->whole && l->filter.select.kind == &kind_workflow && l->page.n > 1)
        qsort(l->page.at, l->page.n, sizeof *l->page.at, newest_first);
    return 0;
}

static int
compose_some(struct argorest_list *l, struct turn *t, struct err *e)
{
    for (size_t i = 0; i < COMPOSED && l->composed < l->page.n; i++) {
        if (objects_compose(l->api->objects, t, &l->page.at[l->composed++], e) < 0)
            return e->code;
    }
    return 0;
}

static int
run_fetch(struct apifetch *f, struct turn *t, struct err *e)
{
    struct argorest_list *l = CONTAINER_OF(f, struct argorest_list, fetch);

    return l->whole ? compose_some(l, t, e) : read_slice(l, t, e);
}

/* Writing. */

static void
write_item(struct argorest_list *l, const struct object *o)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    if (!l->first)
        buf_char(&l->ready, ',');
    l->first = false;
    object_write(&text, o);
    if (argorest_fields_pass(&l->fields, STR("items"), buf_view(&text), &l->ready, &e) < 0)
        log_warn(NULL, "an item of a list: %s", e.msg);
}

static void
write_tail(struct argorest_list *l)
{
    struct continuetoken token = {
        .rv = l->rv, .ns = str_of(l->after_ns), .name = str_of(l->after_name)};

    buf_cstr(&l->ready, "],\"metadata\":{");
    if (argorest_fields_want(&l->fields, STR("metadata")))
        buf_printf(&l->ready, "\"resourceVersion\":\"%" PRId64 "\"", l->rv);
    if (l->more && argorest_fields_want(&l->fields, STR("metadata"))) {
        buf_cstr(&l->ready, ",\"continue\":\"");
        continuetoken_write(&token, &l->ready);
        buf_char(&l->ready, '"');
    }
    buf_cstr(&l->ready, "}}");
    l->over = true;
}

/* The next slice, unless the list ends with this page. */
static void
end_page(struct argorest_list *l)
{
    if (l->limit > 0 || !l->more) {
        write_tail(l);
        return;
    }
    for (size_t i = 0; i < l->page.n; i++)
        object_unref(l->page.at[i]);
    vec_clear(&l->page);
    l->next = l->composed = 0;
    l->whole = false;
}

/* Writes what it may of the page.  False: the core is to be asked. */
static bool
write_page(struct argorest_list *l, size_t room)
{
    if (!l->head)
        buf_cstr(&l->ready, "{\"items\":[");
    l->head = true;
    while (l->next < l->page.n && l->ready.n < room) {
        if (l->wants_nodes && l->next == l->composed)
            return false;
        write_item(l, l->page.at[l->next]);
        object_unref(TAKE(l->page.at[l->next]));
        l->next++;
    }
    if (l->next == l->page.n)
        end_page(l);
    return l->whole;
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct argorest_list *l = CONTAINER_OF(s, struct argorest_list, stream);

    for (;;) {
        if (l->ready.n > 0) {
            (void)apistream_drain(&l->ready, &l->taken, to, room);
            return FEED_MORE;
        }
        if (l->over)
            return FEED_END;
        if (apifetch_is_asked(&l->fetch))
            return FEED_WAIT;
        if (l->fetch.why.code < 0) {
            log_warn(NULL, "a list broke off: %s", l->fetch.why.msg);
            return FEED_BREAK;
        }
        if (!l->whole || !write_page(l, room))
            apifetch_ask(&l->fetch);
    }
}

static void
free_stream(struct apistream *s)
{
    apifetch_close(&CONTAINER_OF(s, struct argorest_list, stream)->fetch);
}

static const struct apistream_ops ops = {.pull = pull, .free = free_stream};

/* The request. */

static int
read_page(struct argorest_call *c, struct argorest_list *l, struct err *e)
{
    struct str token = argorest_param(c, "listOptions.continue");
    struct continuetoken t = {.rv = 0};

    if (apiparam_int(&c->query, "listOptions.limit", 0, &l->limit, e) < 0 || l->limit < 0)
        return err_set(e, ERR_BADREQUEST,
                       "listOptions.limit: expected a number from 0, found \"%.*s\"",
                       STR_ARG(argorest_param(c, "listOptions.limit")));
    if (l->limit > MAX_PAGE)
        l->limit = MAX_PAGE;
    if (token.n == 0)
        return 0;
    if (continuetoken_read(call_arena(c->call), token, &t, e) < 0)
        return err_wrap(e, "listOptions.continue");
    l->after_ns = str_dup(t.ns);
    l->after_name = str_dup(t.name);
    return 0;
}

static struct argorest_list *
list_new(struct argorest_call *c)
{
    struct argorest_list *l = NEW(struct argorest_list);

    l->stream.ops = &ops;
    l->api = argorest_config(c);
    l->first = true;
    apifetch_init(&l->fetch, l->api->core, &l->stream, run_fetch, release);
    c->plan = l;
    c->stream = &l->stream;
    return l;
}

static int
prepare(struct argorest_call *c, struct err *e)
{
    const struct kind *k = c->op->kind->kind;
    struct argorest_list *l = list_new(c);
    struct arena *a = &l->filter.arena;
    struct str fields = argorest_param(c, "fields");

    l->filter.finished = c->op->verb != NULL;
    if (argorest_filter_read(&l->filter, k, c->ns, &c->query, e) < 0)
        return e->code;
    argorest_fields_read(a, fields.n > 0 ? str_of(str_dup_arena(a, fields)) : STR_NULL, &l->fields);
    l->wants_nodes =
        k == &kind_workflow && argorest_fields_want(&l->fields, STR("items.status.nodes"));
    if (argorest_authorize(c, "list", k, NULL, l->filter.ns.p != NULL ? l->filter.ns : STR(""),
                           STR_NULL, e) < 0)
        return e->code;
    return read_page(c, l, e);
}

static int
run(struct argorest_call *c, struct turn *t, struct err *e)
{
    struct argorest_list *l = c->plan;

    l->rv = store_rv(turn_store(t));
    return read_slice(l, t, e);
}

/* Without a namespace: of all. */
#define LIST(path, k) \
    { \
        .method = "GET", .pattern = path, .kind = &(k), .prepare = prepare, .run = run \
    }

const struct argorest_op argorest_list_ops[] = {
    LIST("/api/v1/workflows/{namespace}", argorest_workflow),
    LIST("/api/v1/workflows/", argorest_workflow),
    LIST("/api/v1/workflow-templates/{namespace}", argorest_template),
    LIST("/api/v1/workflow-templates/", argorest_template),
    LIST("/api/v1/cluster-workflow-templates", argorest_cluster_template),
    LIST("/api/v1/cron-workflows/{namespace}", argorest_cron),
    LIST("/api/v1/cron-workflows/", argorest_cron),
    {.method = "GET",
     .pattern = "/api/v1/archived-workflows",
     .kind = &argorest_workflow,
     .prepare = prepare,
     .run = run,
     .verb = "archived"},
    {.method = NULL},
};
