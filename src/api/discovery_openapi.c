#include "api/discovery_openapi.h"

#include "api/apicall_int.h"
#include "base/arena.h"
#include "schema/openapi.h"

/* The kinds as openapi.h wants them; in the arena of the call. */
static struct openapi_resource *
resources(struct apicall *c, size_t *ret_n)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;
    struct openapi_resource *to;
    size_t n = 0;

    while (kind_at(kinds, n) != NULL)
        n++;
    to = ARENA_ARRAY(&c->arena, struct openapi_resource, n + 1);
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct kind *k = kind_at(kinds, i);
        char *version = arena_alloc(&c->arena, 128);

        if (k->verbs == 0)
            continue;
        kind_api_version(k, version, 128);
        to[(*ret_n)++] = (struct openapi_resource){.api_version = str_of(version),
                                                   .kind = str_of(k->kind),
                                                   .plural = str_of(k->plural),
                                                   .namespaced = k->namespaced};
    }
    return to;
}

static bool
answer_document(struct apicall *c, struct str name)
{
    size_t n;
    const struct openapi_resource *rows = resources(c, &n);

    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf path = BUF_INIT;

        openapi_path(rows[i].api_version, &path);
        if (!str_eq(name, buf_view(&path)))
            continue;
        openapi_write(rows[i].api_version, rows, n, &c->text);
        c->etag = apicall_etag(c);
        return true;
    }
    return false;
}

bool
discovery_openapi(struct apicall *c, struct str path)
{
    static const struct str v3 = {"/openapi/v3", sizeof "/openapi/v3" - 1};
    size_t n;

    if (str_eq(path, v3)) {
        const struct openapi_resource *rows = resources(c, &n);

        if (!apiserver_index_get(c->server, n, &c->text)) {
            openapi_write_index(rows, n, &c->text);
            apiserver_index_put(c->server, n, buf_view(&c->text));
        }
        return true;
    }
    if (str_is(path, "/openapi/v2")) {
        buf_str(&c->text, openapi_v2_body);
        c->content_type = openapi_v2_content_type.p;
        return true;
    }
    if (!str_starts(path, v3) || path.p[v3.n] != '/')
        return false;
    return answer_document(c, str_slice(path, v3.n + 1, path.n));
}
