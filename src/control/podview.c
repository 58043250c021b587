#include "control/podview.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "control/control_int.h"
#include "data/json.h"

static void
set_text(char **to, const char *text)
{
    char *copy = text != NULL ? xstrdup(text) : NULL;

    free(*to);
    *to = copy;
}

static void
clear_exit(struct podview_exit *x)
{
    free(x->reason);
    free(x->message);
    *x = (struct podview_exit){.there = false};
}

void
podview_set_exit(struct podview_exit *x, int code, int signal, const char *reason,
                 const char *message, int64_t started_us, int64_t ended_us)
{
    clear_exit(x);
    x->there = true;
    x->code = code;
    x->signal = signal;
    x->reason = xstrdup(reason != NULL ? reason : "Error");
    x->message = xstrdup(message != NULL ? message : "");
    x->started_us = started_us;
    x->ended_us = ended_us;
}

static void
add_containers(struct podview *v, const struct json *list, bool init)
{
    JSON_EACH (it, list) {
        struct podview_container *c = vec_grow(&v->containers);

        c->name = str_dup(json_str(json_get(it.value, "name")));
        c->init = init;
    }
}

struct podview *
podview_new(struct control *control, const struct json *pod)
{
    struct podview *v = NEW(struct podview);
    const struct json *spec = json_get(pod, "spec");

    v->control = control;
    v->uid = str_dup(json_str(json_at_path(pod, "metadata.uid")));
    list_init(&v->link);
    add_containers(v, json_get(spec, "initContainers"), true);
    add_containers(v, json_get(spec, "containers"), false);
    return v;
}

void
podview_free(struct podview *v)
{
    timer_stop(&v->hold);
    list_remove(&v->link);
    for (size_t i = 0; i < v->containers.n; i++) {
        struct podview_container *c = &v->containers.at[i];

        clear_exit(&c->exit);
        clear_exit(&c->last);
        free(c->name);
        free(c->waiting);
        free(c->waiting_text);
        free(c->image_id);
    }
    for (size_t i = 0; i < v->notes.n; i++) {
        free(v->notes.at[i].reason);
        free(v->notes.at[i].message);
    }
    for (size_t i = 0; i < v->blobs.n; i++) {
        free(v->blobs.at[i].key);
        free(v->blobs.at[i].digest);
    }
    vec_done(&v->containers);
    vec_done(&v->notes);
    vec_done(&v->blobs);
    json_doc_unref(v->outputs);
    free(v->queued);
    free(v->refused_reason);
    free(v->phase);
    free(v->reason);
    free(v->message);
    free(v->uid);
    free(v);
}

struct podview_container *
podview_container(struct podview *v, const char *name)
{
    for (size_t i = 0; name != NULL && i < v->containers.n; i++)
        if (strcmp(v->containers.at[i].name, name) == 0)
            return &v->containers.at[i];
    return NULL;
}

static void
set_waiting(struct podview_container *c, const char *reason, const char *message)
{
    set_text(&c->waiting, reason);
    set_text(&c->waiting_text, message);
}

static void
apply_started(struct podview *v, struct podview_container *c, const struct runtime_event *event)
{
    c->running = true;
    c->started_us = event->at_us;
    if (event->host_network)
        v->address = 0;
    set_text(&c->image_id, event->image_id);
    set_waiting(c, NULL, NULL);
    set_text(&v->queued, NULL);

    struct podview_note *n = vec_grow(&v->notes);

    n->reason = xstrdup("Started");
    n->message = xasprintf("Started container %s", c->name);
}

static void
apply_attempt(struct podview_container *c, const struct runtime_event *event)
{
    c->wanted = true;
    c->fenced = event->fenced;
    c->running = c->ready = c->probed_started = false;
    if (c->exit.there && !event->fenced)
        c->restarts++;
    if (c->exit.there) {
        clear_exit(&c->last);
        c->last = c->exit;
        c->exit = (struct podview_exit){.there = false};
    }
    c->attempt = event->attempt;
}

static void
apply_exited(struct podview_container *c, const struct runtime_event *event)
{
    const struct runtime_exit *x = &event->exit;

    c->running = c->ready = c->probed_started = false;
    podview_set_exit(&c->exit, x->code, x->signal, x->reason, x->message, x->started_us,
                     x->ended_us);
    c->exit.attempt = event->attempt;
}

static void
apply_refused(struct podview *v, struct podview_container *c, const struct runtime_event *event)
{
    v->handed = false;
    v->refusals++;
    v->retry_us = 0; /* the controller decides */
    set_text(&v->refused_reason, event->reason);
    for (size_t i = 0; i < v->containers.n; i++)
        set_waiting(&v->containers.at[i], "ContainerCreating", NULL);
    if (c != NULL)
        set_waiting(c, event->reason, event->message);
    else
        set_text(&v->message, event->message);
    set_text(&v->queued, NULL);
}

static void
apply_ended(struct podview *v, const struct runtime_event *event)
{
    v->ended = true;
    set_text(&v->phase, event->phase);
    set_text(&v->reason, event->reason);
    set_text(&v->message, event->message);
    set_text(&v->queued, NULL);
    v->outputs = event->outputs != NULL ? json_doc_ref(event->outputs) : NULL;
    for (size_t i = 0; i < event->blobs_n; i++) {
        struct runtime_blob *b = vec_grow(&v->blobs);

        *b = event->blobs[i];
        b->key = xstrdup(event->blobs[i].key);
        b->digest = xstrdup(event->blobs[i].digest);
    }
}

static void
apply_note(struct podview *v, const struct runtime_event *event)
{
    struct podview_note *n = vec_grow(&v->notes);

    n->warning = event->warning;
    n->reason = xstrdup(event->reason);
    n->message = xstrdup(event->message != NULL ? event->message : "");
}

static void
apply_queued(struct podview *v, const struct runtime_event *event)
{
    set_text(&v->queued, event->message);
    v->unschedulable = event->reason != NULL && strcmp(event->reason, "Unschedulable") == 0;
}

bool
podview_apply(struct podview *v, const struct runtime_event *event)
{
    struct podview_container *c = podview_container(v, event->container);

    v->dirty = true;
    if (event->type == RUNTIME_NOTE)
        apply_note(v, event);
    else if (event->type == RUNTIME_ENDED)
        apply_ended(v, event);
    else if (event->type == RUNTIME_QUEUED)
        apply_queued(v, event);
    else if (event->type == RUNTIME_REFUSED)
        apply_refused(v, c, event);
    else if (c == NULL)
        return false;
    else if (event->type == RUNTIME_WAITING)
        set_waiting(c, event->reason, event->message);
    else if (event->type == RUNTIME_ATTEMPT)
        apply_attempt(c, event);
    else if (event->type == RUNTIME_STARTED)
        apply_started(v, c, event);
    else if (event->type == RUNTIME_EXITED)
        apply_exited(c, event);
    else if (event->type == RUNTIME_READINESS) {
        c->ready = event->ready;
        c->probed_started = event->probed_started;
    }
    return event->type == RUNTIME_ENDED || event->type == RUNTIME_ATTEMPT ||
           event->type == RUNTIME_REFUSED;
}

/* Running as soon as a container of the pod proper has run, and all init containers are done. */
const char *
podview_phase(const struct podview *v)
{
    if (v->ended)
        return v->phase;
    for (size_t i = 0; i < v->containers.n; i++) {
        const struct podview_container *c = &v->containers.at[i];

        if (!c->init && (c->running || c->exit.there || c->last.there))
            return "Running";
    }
    return "Pending";
}
