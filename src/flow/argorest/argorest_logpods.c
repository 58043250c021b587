/* The pods of a workflow whose logs are read: those that are there, and those that come. */
#include <stdlib.h>
#include <string.h>

#include "api/apiserver.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "flow/argorest/argorest_log.h"
#include "schema/selector.h"

enum { TAKEN = 64 };

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

static void
listen(struct argorest_log *l, struct watchcursor *cursor, const struct kind *k)
{
    int64_t rv;

    watchlog_close(cursor);
    *cursor = (struct watchcursor){.on_event = argorest_log_on_event, .arg = l};
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

int
argorest_logpods_list(struct argorest_log *l, struct turn *t, struct err *e)
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
    apistream_listen(stream, argorest_log_on_event, l);
    vec_push(&l->open,
             ((struct argorest_logsource){.stream = stream, .pod = str_dup(object_name(pod))}));
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

int
argorest_logpods_fetch(struct apifetch *f, struct turn *t, struct err *e)
{
    struct argorest_log *l = CONTAINER_OF(f, struct argorest_log, fetch);

    if (l->listing)
        return argorest_logpods_list(l, t, e);
    open_waiting(l, t);
    return 0;
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

void
argorest_logpods_hear(struct argorest_log *l)
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
