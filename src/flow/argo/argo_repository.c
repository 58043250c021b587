#include "flow/argo/argo_repository.h"

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_key.h"
#include "flow/flow_int.h"

#define DEFAULT_MAP "artifact-repositories"

static int
nowhere(const struct json *ref, const char *why, struct str what, struct err *e)
{
    return err_set(e, ERR_CONFLICT,
                   "failed to resolve artifact repository: failed to find any artifact repository "
                   "for ref \"%s#%s\": %s %.*s",
                   json_cstr_or(json_get(ref, "configMap"), DEFAULT_MAP),
                   json_cstr_or(json_get(ref, "key"), ""), why, STR_ARG(what));
}

static struct json_doc *
describe(const struct flow_run *run, const char *map, struct str key, const struct json *repository)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "configMap", map);
    json_add_str(&b, "key", key);
    json_add_cstr(&b, "namespace", run->namespace);
    json_add_value(&b, "artifactRepository", repository);
    json_end(&b);
    return json_build_done(&b);
}

int
argo_repository_find(struct turn *t, struct flow_run *run, const struct json *spec,
                     struct json_doc **ret, struct err *e)
{
    const struct json *ref = json_get(spec, "artifactRepositoryRef");
    const char *name = json_cstr_or(json_get(ref, "configMap"), DEFAULT_MAP);
    struct str key = json_str(json_get(ref, "key"));
    cleanup_object struct object *map =
        objects_find(run->flow->objects, t, &kind_config_map, str_of(run->namespace), str_of(name));
    cleanup_json struct json_doc *repository = NULL;
    struct err why = ERR_INIT;
    struct str text;

    *ret = NULL;
    if (map == NULL)
        return json_is_null(ref) ? 0 : nowhere(ref, "there is no ConfigMap", str_of(name), e);
    if (key.n == 0)
        key = object_annotation(map, "workflows.argoproj.io/default-artifact-repository");
    if (key.n == 0 && json_is_null(ref))
        return 0;
    text = json_str(json_get_str(object_at(map, "data"), key));
    if (text.p == NULL)
        return nowhere(ref, "the ConfigMap has no key", key, e);
    if (str_trim(text).n != 0 && yaml_parse_one(text, NULL, &repository, &why) < 0)
        return nowhere(ref, "its text is no YAML:", str_of(why.msg), e);
    *ret = describe(run, name, key, json_root(repository));
    return 0;
}

static const struct json *
repository_of(const struct argo *a)
{
    return json_at_path(json_root(a->frozen), "repository.artifactRepository");
}

const char *
argo_repository_bucket(const struct argo *a)
{
    const struct json *location = argo_key_location(repository_of(a));

    return json_cstr_or(json_get(location, "bucket"), ARGO_BUCKET);
}

struct str
argo_repository_key_format(const struct argo *a)
{
    return json_str(json_get(argo_key_location(repository_of(a)), "keyFormat"));
}

bool
argo_repository_archives_logs(const struct argo *a)
{
    return json_bool_or(json_get(repository_of(a), "archiveLogs"), false);
}
