#include "flow/argo/argo_key.h"

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/tag.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_repository.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"

const struct json *
argo_key_location(const struct json *artifact)
{
    static const char *const stores[] = {"s3", "gcs", "azure", "oss"};

    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        if (!json_is_null(json_get(artifact, stores[i])))
            return json_get(artifact, stores[i]);
    }
    return NULL;
}

static struct str
trim_slashes(struct str key)
{
    while (key.n > 0 && key.p[key.n - 1] == '/')
        key.n--;
    while (key.n > 0 && key.p[0] == '/')
        key = str_slice(key, 1, key.n);
    return key;
}

int
argo_key_folder(struct argo_scope *s, const struct json *tmpl, char **ret, struct err *e)
{
    const struct json *location = argo_key_location(json_get(tmpl, "archiveLocation"));
    struct str format = json_str(json_get(location, "key")), folder;
    const struct argo *a = argo_of(s->run);
    cleanup_free char *filled = NULL;

    if (format.n == 0)
        format = argo_repository_key_format(a);
    if (format.n == 0)
        format = str_of(s->run->flow->options.artifact_key);
    if (argo_scope_text_lax(s, format, &filled, e) < 0)
        return err_wrap(e, "the key of artifacts, '%.*s'", STR_ARG(format));
    folder = trim_slashes(str_of(filled));
    if (folder.n == 0)
        return err_set(e, ERR_INVALID, "the key of artifacts, '%.*s', is empty", STR_ARG(format));
    if (tag_present(folder))
        return err_set(e, ERR_INVALID, "the key of artifacts, '%.*s', has a name that is not known",
                       STR_ARG(folder));
    *ret =
        xasprintf("%s/%.*s", json_cstr_or(json_get(location, "bucket"), argo_repository_bucket(a)),
                  STR_ARG(folder));
    return 0;
}
