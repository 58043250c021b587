#include "flow/argo/argo_data.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/expr.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_key.h"
#include "flow/argo/argo_podless.h"
#include "flow/argo/argo_repository.h"
#include "store/blobs.h"
#include "store/store.h"

/* Adds the keys below the place, without its bucket. */
static int
add_keys(struct turn *t, struct json_build *b, const char *bucket, struct str folder, struct err *e)
{
    struct arena *a = turn_arena(t);
    struct blobs *blobs = store_blobs(turn_store(t));
    struct blob *found;
    size_t n, before = strlen(bucket) + 1;

    if (blobs_list(blobs, str_of(arena_printf(a, "%s/%.*s", bucket, STR_ARG(folder))), STR_NULL,
                   ARGO_DATA_KEYS + 1, a, &found, &n, e) < 0)
        return e->code;
    if (n > ARGO_DATA_KEYS)
        return err_set(e, ERR_TOOLARGE, "data.source.artifactPaths: there are more than %d keys",
                       ARGO_DATA_KEYS);
    for (size_t i = 0; i < n; i++)
        json_add_str(b, NULL, str_slice(found[i].key, before, found[i].key.n));
    return 0;
}

static int
read_source(struct turn *t, struct flow_node *leaf, const struct json *source,
            struct json_doc **ret, struct err *e)
{
    const struct json *place = argo_key_location(json_get(source, "artifactPaths"));
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    const char *bucket =
        json_cstr_or(json_get(place, "bucket"), argo_repository_bucket(argo_of(leaf->run)));

    if (place == NULL)
        return err_set(e, ERR_INVALID,
                       "data.source.artifactPaths names no place in the artifact store");
    json_add_array(&b, NULL);
    if (add_keys(t, &b, bucket, json_str(json_get(place, "key")), e) < 0)
        return e->code;
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static struct expr_binding
look_up(void *arg, struct str name)
{
    if (!str_is(name, "data"))
        return (struct expr_binding){.found = false};
    return (struct expr_binding){.found = true, .value = *(const struct expr_value *)arg};
}

/* One step: from the JSON of the last to that of this one. */
static int
transform(struct turn *t, struct str expression, struct buf *text, struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_expr struct expr_program *program = NULL;
    cleanup_json struct json_doc *doc = NULL;
    struct expr_value data, value;
    struct expr_env env = {.lookup = look_up, .arg = &data, .clock = core_clock(turn_core(t))};

    if (json_parse(buf_view(text), NULL, &doc, e) < 0)
        return e->code;
    data = expr_from_json(&a, json_root(doc));
    if (expr_compile(expression, &program, e) < 0 || expr_eval(program, &env, &a, &value, e) < 0)
        return e->code;
    buf_clear(text);
    expr_write_json(text, value, NULL, true);
    return 0;
}

static int
run(struct turn *t, const struct json *data, const struct json *steps, struct buf *to,
    struct err *e)
{
    json_write(to, data);
    JSON_EACH (it, steps) {
        if (transform(t, json_str(json_get(it.value, "expression")), to, e) < 0)
            return err_wrap(e, "data.transformation[%zu].expression", it.index);
    }
    return 0;
}

int
argo_data_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
               struct flow_result *r, int64_t *again_us, struct err *e)
{
    const struct json *data = json_get(tmpl, "data");
    cleanup_json struct json_doc *keys = NULL;
    cleanup_buf struct buf result = BUF_INIT;
    struct err why = ERR_INIT;

    (void)again_us;
    if (read_source(t, leaf, json_get(data, "source"), &keys, &why) < 0 ||
        run(t, json_root(keys), json_get(data, "transformation"), &result, &why) < 0)
        return argo_podless_blame(r, &why, e);
    argo_podless_succeed(leaf, tmpl, buf_view(&result), r);
    return 0;
}
