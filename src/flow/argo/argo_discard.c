#include "flow/argo/argo_discard.h"

#include "base/arena.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_key.h"
#include "flow/flow_discard.h"
#include "store/blobs.h"
#include "store/node_rows.h"
#include "store/store.h"

/* One of the key's folders is the name. */
static bool
names(struct str key, struct str workflow)
{
    while (key.p != NULL) {
        if (str_eq(str_cut(&key, '/'), workflow))
            return true;
    }
    return false;
}

struct orphan {
    struct blobs *blobs;
    struct blob_id id;
};

static void
remove_bytes(void *arg)
{
    struct orphan *o = arg;

    blobs_discard(o->blobs, &o->id);
}

static int
discard_key(struct turn *t, const struct flow_gone *run, struct str key, struct err *e)
{
    struct orphan *o = ARENA_NEW(turn_arena(t), struct orphan);
    struct blob blob;
    bool has_orphan;
    int rc;

    o->blobs = store_blobs(turn_store(t));
    rc = blobs_get(o->blobs, key, turn_arena(t), &blob, e);
    if (rc < 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    if (blob.created_us > run->ended_us)
        return 0;
    if (blobs_delete(o->blobs, key, &has_orphan, &o->id, e) < 0)
        return e->code;
    if (has_orphan)
        turn_effect(t, remove_bytes, o);
    return 0;
}

int
argo_discard(struct turn *t, const struct flow_gone *run, const struct node_row *node,
             struct err *e)
{
    cleanup_json struct json_doc *outputs = NULL;

    if (node->pod.n == 0 || node->outputs.n == 0)
        return 0;
    if (json_parse(node->outputs, NULL, &outputs, e) < 0)
        return err_wrap(e, "node %.*s", STR_ARG(node->name));
    JSON_EACH (art, json_get(json_root(outputs), "artifacts")) {
        const struct json *location = argo_key_location(art.value);
        struct str key = json_str(json_get(location, "key"));
        cleanup_free char *whole = NULL;

        if (!names(key, run->name))
            continue;
        whole = xasprintf("%s/%.*s", json_cstr_or(json_get(location, "bucket"), ARGO_BUCKET),
                          STR_ARG(key));
        if (discard_key(t, run, str_of(whole), e) < 0)
            return e->code;
    }
    return 0;
}
