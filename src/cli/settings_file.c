#include "cli/settings_file.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "cli/option.h"
#include "cli/settings_table.h"
#include "data/json.h"
#include "data/yaml.h"
#include "io/file.h"

/* Puts "FILE:LINE:COL: " before the message, once. */
static int
in_file(const char *path, struct err *e)
{
    if (e->line > 0)
        err_wrap(e, "%s:%d:%d", path, e->line, e->col);
    else
        err_wrap(e, "%s", path);
    e->line = e->col = 0;
    return e->code;
}

static int
unknown_key(const struct json_doc *d, const struct json *v, struct str key, struct err *e)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    const char *names[SETTINGS_MAX];
    cleanup_free char *name = str_dup(key);
    const char *nearest;
    struct json_position where = json_position(d, v);

    for (size_t i = 0; i < n; i++)
        names[i] = rows[i].name;
    nearest = option_nearest(name, names, n);
    err_set(e, ERR_INVALID, "unknown setting '%s'%s%s%s", name,
            nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "");
    e->line = where.line;
    e->col = where.col;
    return e->code;
}

static void
set_origin(struct settings *s, const struct setting *row)
{
    size_t n;

    s->origins[row - settings_table(&n)] = SETTINGS_FILE;
}

/* The file's only document; NULL if it has nothing but comments. */
static int
only_document(struct str text, struct yaml_docs *docs, const struct json **ret, struct err *e)
{
    if (yaml_parse(text, NULL, docs, e) < 0)
        return e->code;
    *ret = docs->n > 0 ? json_root(docs->at[0].json) : NULL;
    if (docs->n > 1) {
        err_set(e, ERR_INVALID, "a second document; expected one");
        e->line = docs->at[1].line;
        e->col = 1;
        return e->code;
    }
    if (!json_is_null(*ret) && json_type(*ret) != JSON_OBJECT) {
        struct json_position where = json_position(docs->at[0].json, *ret);

        err_set(e, ERR_INVALID, "expected settings as NAME: VALUE, not %s %s",
                json_type(*ret) == JSON_ARRAY ? "an" : "a", json_type_name(json_type(*ret)));
        e->line = where.line;
        e->col = where.col;
        return e->code;
    }
    return 0;
}

static int
read_text(struct settings *s, struct str text, const struct setting_place *place, struct err *e)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    const struct json_doc *d;
    const struct json *root = NULL;

    if (only_document(text, &docs, &root, e) < 0)
        return e->code;
    d = docs.n > 0 ? docs.at[0].json : NULL;
    JSON_EACH (it, root) {
        const struct setting *row = setting_find(it.key);

        if (row == NULL)
            return unknown_key(d, it.value, it.key, e);
        if (setting_from_json(s, row, d, it.value, place, e) < 0)
            return err_wrap(e, "%s", row->name);
        set_origin(s, row);
    }
    return 0;
}

int
settings_file_read(struct settings *s, const char *path, const struct setting_place *place,
                   struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (file_read(AT_FDCWD, path, SETTINGS_FILE_MAX_BYTES, &text, e) < 0)
        return e->code;
    if (read_text(s, buf_view(&text), place, e) < 0)
        return in_file(path, e);
    return 0;
}

int
settings_file_parse(struct settings *s, struct str text, struct err *e)
{
    const struct setting_place nowhere = {.home = "/"};

    return read_text(s, text, &nowhere, e);
}
