#include "schema/gomap.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"

static void
put(const struct json *v, struct buf *to)
{
    bool is_map = json_type(v) == JSON_OBJECT;

    if (json_type(v) == JSON_NULL) {
        buf_cstr(to, "<nil>");
        return;
    }
    if (!is_map && json_type(v) != JSON_ARRAY) {
        buf_str(to, json_scalar_text(v));
        return;
    }
    buf_cstr(to, is_map ? "map[" : "[");
    JSON_EACH (it, v) {
        if (it.index > 0)
            buf_char(to, ' ');
        if (is_map)
            buf_printf(to, "%.*s:", STR_ARG(it.key));
        put(it.value, to);
    }
    buf_char(to, ']');
}

/* The text with sorted keys was written here, so it parses, but for a limit that it may pass. */
void
gomap_write(const struct json *v, struct buf *to)
{
    cleanup_buf struct buf sorted = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct err ignored = ERR_INIT;

    json_write_sorted(&sorted, v);
    if (json_parse(buf_view(&sorted), NULL, &doc, &ignored) >= 0)
        put(json_root(doc), to);
}
