/*
 * The end of a pod, in one turn: status and the annotation with its outputs, rows of its blobs and
 * attempts.  What the runtime keeps for it is released once that is committed.
 */
#include <string.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/pod.h"
#include "control/pod_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/runtime.h"
#include "store/blobs.h"
#include "store/store.h"

/* The label that its maker wants to see become "true" now, if it has that label. */
static void
add_labels(struct json_build *b, const struct json *meta)
{
    struct str text = json_str(json_get(json_get(meta, "annotations"), POD_IO_ANNOTATION));
    const struct json *labels = json_get(meta, "labels");
    cleanup_json struct json_doc *io = NULL;
    struct err ignored = ERR_INIT;
    struct str over = STR_NULL;

    if (labels == NULL)
        return;
    if (text.n > 0 && json_parse(text, &json_limits_default, &io, &ignored) >= 0)
        over = json_str(json_get(json_root(io), "overLabel"));
    json_add_object(b, "labels");
    JSON_EACH (it, labels) {
        json_add_key(b, it.key);
        if (over.p != NULL && str_eq(it.key, over))
            json_add_cstr(b, NULL, "true");
        else
            json_add_value(b, NULL, it.value);
    }
    json_end(b);
}

static void
add_metadata(struct json_build *b, const struct json *meta, const struct podview *v)
{
    static const char *const except[] = {"annotations", "labels", NULL};
    static const char *const old[] = {POD_OUTPUTS_ANNOTATION, NULL};

    json_add_object(b, "metadata");
    json_add_fields(b, meta, except);
    add_labels(b, meta);
    json_add_object(b, "annotations");
    if (json_get(meta, "annotations") != NULL)
        json_add_fields(b, json_get(meta, "annotations"), old);
    if (v->outputs != NULL) {
        cleanup_buf struct buf text = BUF_INIT;

        json_write(&text, json_root(v->outputs));
        json_add_str(b, POD_OUTPUTS_ANNOTATION, buf_view(&text));
    }
    json_end(b);
    json_end(b);
}

static int
write_object(struct control *c, struct turn *t, const struct object *o, struct podview *v,
             struct err *e)
{
    static const char *const except[] = {"metadata", "status", NULL};
    cleanup_json struct json_doc *status = podview_status(v, object_root(o), turn_now_us(t));
    cleanup_json struct json_doc *whole = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), except);
    add_metadata(&b, object_at(o, "metadata"), v);
    json_add_value(&b, "status", json_root(status));
    json_end(&b);
    whole = json_build_done(&b);
    return objects_update(c->config.objects, t, &kind_pod, object_namespace(o), json_root(whole),
                          OBJECTS_ALL, NULL, e);
}

static int
write_blobs(struct turn *t, const struct podview *v, struct err *e)
{
    struct blobs *blobs = store_blobs(turn_store(t));

    for (size_t i = 0; i < v->blobs.n; i++) {
        const struct runtime_blob *b = &v->blobs.at[i];
        struct blob row = {.key = str_of(b->key),
                           .kind = BLOB_FILE,
                           .size = b->bytes,
                           .digest = str_of(b->digest),
                           .created_us = turn_now_us(t)};

        memcpy(row.id.text, b->id, sizeof row.id.text);
        if (blobs_put(blobs, &row, e) < 0)
            return err_wrap(e, "artifact %s", b->key);
    }
    return 0;
}

struct settled {
    struct control *control;
    struct podview *view;
};

static void
settle(void *arg)
{
    struct settled *s = arg;

    s->control->runtime->ops->release(s->control->runtime, s->view->uid);
    pod_drop_view(s->view);
}

int
pod_end(struct control *c, struct turn *t, const struct object *o, struct podview *v, struct err *e)
{
    struct settled *s = ARENA_NEW(turn_arena(t), struct settled);

    pod_record_notes(c, t, o, v);
    if (write_blobs(t, v, e) < 0 || pod_record_exits(t, v, e) < 0 ||
        write_object(c, t, o, v, e) < 0)
        return e->code;
    *s = (struct settled){c, v};
    turn_effect(t, settle, s);
    return 0;
}
