#include "data/json.h"
#include "schema/fielderror.h"
#include "schema/names.h"
#include "schema/problem.h"
#include "schema/rules_int.h"

#define MODE_TEXT "must be a number between 0 and 0777 (octal), both inclusive"

enum { MODE_MAX = 0777 };

static bool
steps_back(struct str path)
{
    while (path.p != NULL)
        if (str_is(str_cut(&path, '/'), ".."))
            return true;
    return false;
}

/* A path below a directory. */
static void
check_inner_path(struct rules *r, const char *field, struct str path)
{
    if (path.n > 0 && path.p[0] == '/')
        rules_invalid_str(r, field, path, "must be a relative path");
    if (steps_back(path))
        rules_invalid_str(r, field, path, "must not contain '..'");
}

static void
check_items(struct rules *r, const struct json *source)
{
    size_t before = rules_enter(r, "items"), inside;

    JSON_EACH (it, json_get(source, "items")) {
        struct str path = json_str(json_get(it.value, "path"));

        inside = rules_enter_index(r, it.index);
        rules_must_have(r, it.value, "key");
        rules_must_have(r, it.value, "path");
        check_inner_path(r, "path", path);
        if (str_starts(path, STR("..")) && !steps_back(path))
            rules_invalid_str(r, "path", path, "must not start with '..'");
        rules_in_range(r, it.value, "mode", 0, MODE_MAX, MODE_TEXT);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

static void
check_host_path(struct rules *r, const struct json *source)
{
    static const char *const types[] = {
        "",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
        "File", "FileOrCreate", "Socket",     NULL};
    struct str path = json_str(json_get(source, "path"));

    rules_must_have(r, source, "path");
    if (steps_back(path))
        rules_invalid_str(r, "path", path, "must not contain '..'");
    rules_one_of(r, source, "type", types);
}

/* What a source must name. */
static void
check_source(struct rules *r, const char *type, const struct json *source)
{
    size_t before = rules_enter(r, type);

    if (str_is(str_of(type), "hostPath")) {
        check_host_path(r, source);
    } else if (str_is(str_of(type), "secret") || str_is(str_of(type), "configMap")) {
        rules_must_have(r, source, str_is(str_of(type), "secret") ? "secretName" : "name");
        rules_in_range(r, source, "defaultMode", 0, MODE_MAX, MODE_TEXT);
        check_items(r, source);
    } else if (str_is(str_of(type), "persistentVolumeClaim")) {
        rules_must_have(r, source, "claimName");
    } else if (str_is(str_of(type), "nfs")) {
        rules_must_have(r, source, "server");
        rules_must_have(r, source, "path");
    } else if (str_is(str_of(type), "csi")) {
        rules_must_have(r, source, "driver");
    } else if (str_is(str_of(type), "downwardAPI") || str_is(str_of(type), "projected")) {
        rules_in_range(r, source, "defaultMode", 0, MODE_MAX, MODE_TEXT);
    }
    rules_leave(r, before);
}

static void
check_sources(struct rules *r, const struct json *volume)
{
    size_t n = 0;

    JSON_EACH (it, volume) {
        const char *type = it.key.p; /* keys of documents end with NUL */

        if (str_is(it.key, "name") || json_is_null(it.value))
            continue;
        if (n++ > 0)
            rules_forbidden(r, type, "may not specify more than 1 volume type");
        else
            check_source(r, type, it.value);
    }
    if (n == 0)
        rules_required(r, NULL, "must specify a volume type");
}

/* Whether an item before `index` has the same text in a field. */
static bool
is_repeated(const struct json *list, size_t index, const char *field, struct str text)
{
    JSON_EACH (it, list) {
        if (it.index >= index)
            break;
        if (str_eq(json_str(json_get(it.value, field)), text))
            return true;
    }
    return false;
}

static bool
has_volume(const struct rules *r, struct str name)
{
    for (size_t i = 0; i < r->volumes.n; i++)
        if (str_eq(r->volumes.at[i], name))
            return true;
    return false;
}

void
rules_volumes(struct rules *r, const struct json *volumes)
{
    JSON_EACH (it, volumes) {
        struct str name = json_str(json_get(it.value, "name"));
        size_t before = rules_enter_index(r, it.index), problems = r->problems->n;

        check_sources(r, it.value);
        rules_must_be_named(r, it.value, "name", names_check_label);
        if (has_volume(r, name))
            rules_duplicate(r, "name", name);
        if (r->problems->n == problems)
            vec_push(&r->volumes, name);
        rules_leave(r, before);
    }
}

static void
not_found(struct rules *r, const char *field, struct str name)
{
    size_t before = rules_enter(r, field);

    fielderror_not_found(r->problems, buf_cstring(&r->path), name);
    rules_leave(r, before);
}

void
rules_volume_mounts(struct rules *r, const struct json *mounts)
{
    static const char *const propagations[] = {"Bidirectional", "HostToContainer", "None", NULL};

    JSON_EACH (it, mounts) {
        struct str name = json_str(json_get(it.value, "name"));
        struct str path = json_str(json_get(it.value, "mountPath"));
        struct str sub = json_str(json_get(it.value, "subPath"));
        struct str expr = json_str(json_get(it.value, "subPathExpr"));
        size_t before = rules_enter_index(r, it.index);

        rules_must_have(r, it.value, "name");
        if (!has_volume(r, name))
            not_found(r, "name", name);
        rules_must_have(r, it.value, "mountPath");
        if (is_repeated(mounts, it.index, "mountPath", path))
            rules_invalid_str(r, "mountPath", path, "must be unique");
        if (expr.n > 0 && sub.n > 0)
            rules_invalid_str(r, "subPathExpr", expr,
                              "subPathExpr and subPath are mutually exclusive");
        rules_leave(r, before);
        /* Upstream names the list, not the item, for these. */
        check_inner_path(r, "subPath", sub);
        check_inner_path(r, "subPathExpr", expr);
        rules_one_of(r, it.value, "mountPropagation", propagations);
    }
}
