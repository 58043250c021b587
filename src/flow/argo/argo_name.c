#include "flow/argo/argo_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"

/* FNV-1a, 32 bits: Fowler, Noll, Vo. */
uint32_t
argo_name_hash(struct str node_name)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < node_name.n; i++)
        h = (h ^ (unsigned char)node_name.p[i]) * 16777619u;
    return h;
}

void
argo_name_id(const char *workflow, struct str node_name, char *to, size_t size)
{
    if (str_is(node_name, workflow))
        snprintf(to, size, "%s", workflow);
    else
        snprintf(to, size, "%s-%" PRIu32, workflow, argo_name_hash(node_name));
}

char *
argo_name_pod(const char *workflow, struct str node_name, struct str template_name)
{
    cleanup_free char *prefix = NULL;

    if (str_is(node_name, workflow))
        return xstrdup(workflow);
    prefix = template_name.n != 0 ? xasprintf("%s-%.*s", workflow, STR_ARG(template_name))
                                  : xstrdup(workflow);
    return xasprintf("%.*s-%" PRIu32, ARGO_POD_PREFIX_MAX, prefix, argo_name_hash(node_name));
}

static int
by_key(const void *a, const void *b)
{
    return str_cmp(((const struct json_each *)a)->key, ((const struct json_each *)b)->key);
}

static void
add_value(struct buf *to, const struct json *v)
{
    if (json_type(v) == JSON_OBJECT || json_type(v) == JSON_ARRAY)
        json_write(to, v);
    else
        buf_str(to, json_scalar_text(v));
}

static void
add_map(struct buf *to, const struct json *map)
{
    VEC(struct json_each) fields = VEC_INIT;

    JSON_EACH (f, map) {
        vec_push(&fields, f);
    }
    qsort(fields.at, fields.n, sizeof *fields.at, by_key);
    for (size_t i = 0; i < fields.n; i++) {
        buf_printf(to, "%s%.*s:", i != 0 ? "," : "", STR_ARG(fields.at[i].key));
        add_value(to, fields.at[i].value);
    }
    vec_done(&fields);
}

static void
add_item(struct buf *to, const struct json *item)
{
    if (json_type(item) == JSON_OBJECT) {
        add_map(to, item);
        return;
    }
    if (json_type(item) != JSON_ARRAY) {
        add_value(to, item);
        return;
    }
    buf_char(to, '[');
    JSON_EACH (it, item) {
        buf_cstr(to, it.index != 0 ? " " : "");
        json_write(to, it.value);
    }
    buf_char(to, ']');
}

char *
argo_name_item(struct str name, int64_t index, const struct json *item)
{
    cleanup_buf struct buf text = BUF_INIT, out = BUF_INIT;

    add_item(&text, item);
    buf_printf(&out, "%.*s(%" PRId64 ":", STR_ARG(name), index);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '(' && text.p[i] != ')')
            buf_char(&out, text.p[i]);
    }
    buf_char(&out, ')');
    return buf_take(&out);
}

struct str
argo_name_display(struct str name, struct str boundary)
{
    ptrdiff_t end;

    if (boundary.n == 0 || !str_starts(name, boundary))
        return name;
    name = str_slice(name, boundary.n, name.n);
    if (str_starts(name, STR("["))) {
        end = str_find(name, STR("]."), 0);
        return end >= 0 ? str_slice(name, (size_t)end + 2, name.n) : name;
    }
    return str_starts(name, STR(".")) ? str_slice(name, 1, name.n) : name;
}

struct str
argo_name_template(struct str key)
{
    size_t from = 0;

    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '/' || key.p[i] == '#')
            from = i + 1;
    }
    return str_slice(key, from, key.n);
}
