#include "cli/serverfile.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "io/file.h"

enum { MAX_BYTES = 4096 };

static char *
path_of(const char *data_dir)
{
    return xasprintf("%s/server.json", data_dir);
}

int
serverfile_write(const char *data_dir, const struct serverfile *s, struct err *e)
{
    cleanup_free char *path = path_of(data_dir);
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "url", s->url);
    if (s->tls_url != NULL)
        json_add_cstr(&b, "tlsUrl", s->tls_url);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(&text, json_root(doc));
    buf_char(&text, '\n');
    return file_replace(AT_FDCWD, path, buf_view(&text), 0600, false, e);
}

int
serverfile_read(const char *data_dir, struct serverfile *ret, struct err *e)
{
    cleanup_free char *path = path_of(data_dir);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct str url, tls;

    *ret = (struct serverfile){.url = NULL};
    if (file_read(AT_FDCWD, path, MAX_BYTES, &text, e) < 0) {
        if (e->code == ERR_NOTFOUND)
            return err_set(e, ERR_NOTFOUND,
                           "no server has used %s yet: start one with 'sluice up', or name its "
                           "directory with --data",
                           data_dir);
        return e->code;
    }
    if (json_parse(buf_view(&text), &json_limits_default, &doc, e) < 0)
        return err_wrap(e, "%s", path);
    url = json_str(json_get(json_root(doc), "url"));
    tls = json_str(json_get(json_root(doc), "tlsUrl"));
    if (url.n == 0)
        return err_set(e, ERR_INVALID, "%s names no url", path);
    ret->url = str_dup(url);
    ret->tls_url = tls.n > 0 ? str_dup(tls) : NULL;
    return 0;
}

void
serverfile_done(struct serverfile *s)
{
    free(s->url);
    free(s->tls_url);
    *s = (struct serverfile){.url = NULL};
}
