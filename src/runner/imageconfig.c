#include "runner/imageconfig.h"

#include <fcntl.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "io/file.h"

enum { MAX_BYTES = 1024 * 1024 };

static int
read_words(const char *path, const char *field, const struct json *list, struct arena *a,
           const char ***ret, size_t *ret_n, struct err *e)
{
    size_t n = 0;

    if (!json_is_null(list) && json_type(list) != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "%s: %s must be a list of texts, not %s", path, field,
                       json_type_name(json_type(list)));
    *ret = ARENA_ARRAY(a, const char *, json_count(list) + 1);
    JSON_EACH (it, list) {
        struct str word = json_str(it.value);

        if (word.p == NULL || str_find_char(word, '\0', 0) >= 0)
            return err_set(e, ERR_INVALID, "%s: %s[%zu] must be a text", path, field, it.index);
        (*ret)[n++] = str_dup_arena(a, word);
    }
    *ret_n = n;
    return 0;
}

static int
read_fields(const char *path, const struct json *root, struct arena *a, struct imageconfig *ret,
            struct err *e)
{
    if (json_type(root) != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "%s: must be an object, not %s", path,
                       json_type_name(json_type(root)));
    JSON_EACH (it, root) {
        if (!str_is(it.key, "Entrypoint") && !str_is(it.key, "Cmd"))
            return err_set(e, ERR_INVALID,
                           "%s: unknown field \"%.*s\"; there are Entrypoint and Cmd", path,
                           STR_ARG(it.key));
    }
    if (read_words(path, "Entrypoint", json_get(root, "Entrypoint"), a, &ret->entrypoint,
                   &ret->entrypoint_n, e) < 0 ||
        read_words(path, "Cmd", json_get(root, "Cmd"), a, &ret->cmd, &ret->cmd_n, e) < 0)
        return e->code;
    return 0;
}

int
imageconfig_read(const char *directory, struct arena *a, struct imageconfig *ret, struct err *e)
{
    const char *path = arena_printf(a, "%s/" IMAGECONFIG_FILE, directory);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct err why = ERR_INIT;
    int rc = file_read(AT_FDCWD, path, MAX_BYTES, &text, &why);

    *ret = (struct imageconfig){.entrypoint = NULL};
    if (rc == ERR_NOTFOUND)
        return 0;
    if (rc < 0)
        return err_set(e, rc, "%s", why.msg);
    if (json_parse(buf_view(&text), &json_limits_default, &doc, e) < 0)
        return err_wrap(e, "%s", path);
    return read_fields(path, json_root(doc), a, ret, e);
}
