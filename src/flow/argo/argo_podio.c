/* Inputs to place and outputs to take, in the form that the pod controller reads. */
#include "flow/argo/argo_pod.h"

#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_key.h"
#include "flow/argo/argo_podcontainers.h"
#include "flow/argo/argo_repository.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

enum { SCRIPT_MODE = 0755 };

static void
add_script(struct json_build *b, const struct json *tmpl)
{
    struct str source = json_str(json_at_path(tmpl, "script.source"));

    if (source.n == 0)
        return;
    json_add_object(b, NULL);
    json_add_cstr(b, "name", "script");
    json_add_cstr(b, "path", ARGO_SCRIPT_PATH);
    json_add_int(b, "mode", SCRIPT_MODE);
    json_add_str(b, "raw", source);
    json_add_bool(b, "anywhere", true);
    json_end(b);
}

/* "bucket/key"; a key that ends with a slash means the same directory as one that does not. */
static void
add_key(struct json_build *b, const char *field, const struct json *location, const struct argo *a)
{
    struct str key = json_str(json_get(location, "key"));

    while (key.n > 0 && key.p[key.n - 1] == '/')
        key.n--;
    json_add_printf(b, field, "%s/%.*s",
                    json_cstr_or(json_get(location, "bucket"), argo_repository_bucket(a)),
                    STR_ARG(key));
}

static int
add_input(struct json_build *b, const struct json *art, const struct argo *a, struct err *e)
{
    struct str name = json_str(json_get(art, "name"));
    const struct json *raw = json_at_path(art, "raw.data");
    const struct json *location = argo_key_location(art);
    const struct json *http = json_get(art, "http"), *git = json_get(art, "git");

    if (json_str(json_get(art, "path")).n == 0)
        return 0;
    if (raw == NULL && location == NULL && json_is_null(http) && json_is_null(git))
        return err_set(
            e, ERR_INVALID,
            "artifact %.*s failed to load: only raw, http and git artifacts and those of "
            "the artifact store can be had here",
            STR_ARG(name));
    json_add_object(b, NULL);
    json_add_str(b, "name", name);
    json_add_value(b, "path", json_get(art, "path"));
    json_add_value(b, "mode", json_get(art, "mode"));
    json_add_value(b, "recurseMode", json_get(art, "recurseMode"));
    json_add_value(b, "optional", json_get(art, "optional"));
    if (raw != NULL)
        json_add_str(b, "raw", json_str(raw));
    else if (location != NULL)
        add_key(b, "blob", location, a);
    else if (!json_is_null(http))
        json_add_value(b, "http", http);
    else
        json_add_value(b, "git", git);
    json_add_cstr(b, "archive",
                  raw != NULL || json_at_path(art, "archive.none") != NULL ? "none" : "auto");
    json_end(b);
    return 0;
}

static struct str
base_name(struct str path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    for (size_t i = path.n; i > 0; i--) {
        if (path.p[i - 1] == '/')
            return str_slice(path, i, path.n);
    }
    return path;
}

static const char *
archive_of(const struct json *art)
{
    const struct json *archive = json_get(art, "archive");

    if (json_get(archive, "none") != NULL)
        return "none";
    return json_get(archive, "zip") != NULL ? "zip" : "tar";
}

/* The key that the template names, or the artifact's file in the folder. */
static void
add_output_key(struct json_build *b, const struct json *art, const struct argo *a,
               const char *folder)
{
    const struct json *location = argo_key_location(art);
    const char *archive = archive_of(art);
    struct str name = json_str(json_get(art, "name"));

    if (json_str(json_get(location, "key")).n != 0) {
        add_key(b, "key", location, a);
        return;
    }
    if (str_is(str_of(archive), "none"))
        json_add_printf(b, "key", "%s/%.*s", folder,
                        STR_ARG(base_name(json_str(json_get(art, "path")))));
    else
        json_add_printf(b, "key", "%s/%.*s.%s", folder, STR_ARG(name),
                        str_is(str_of(archive), "zip") ? "zip" : "tgz");
}

static void
add_outputs(struct json_build *b, const struct json *outputs, const struct argo *a,
            const char *folder)
{
    json_add_object(b, "outputs");
    json_add_array(b, "parameters");
    JSON_EACH (p, json_get(outputs, "parameters")) {
        const struct json *from = json_get(p.value, "valueFrom");

        if (json_str(json_get(from, "path")).n == 0)
            continue;
        json_add_object(b, NULL);
        json_add_value(b, "name", json_get(p.value, "name"));
        json_add_value(b, "path", json_get(from, "path"));
        if (json_get(from, "default") != NULL)
            json_add_str(b, "default", json_scalar_text(json_get(from, "default")));
        json_end(b);
    }
    json_end(b);
    json_add_array(b, "artifacts");
    JSON_EACH (art, json_get(outputs, "artifacts")) {
        if (json_str(json_get(art.value, "path")).n == 0)
            continue;
        json_add_object(b, NULL);
        json_add_value(b, "name", json_get(art.value, "name"));
        json_add_value(b, "path", json_get(art.value, "path"));
        json_add_value(b, "optional", json_get(art.value, "optional"));
        json_add_value(b, "mode", json_get(art.value, "mode"));
        json_add_cstr(b, "archive", archive_of(art.value));
        json_add_value(b, "level", json_at_path(art.value, "archive.tar.compressionLevel"));
        add_output_key(b, art.value, a, folder);
        if (!json_is_null(json_get(art.value, "http")))
            json_add_value(b, "http", json_get(art.value, "http"));
        json_end(b);
    }
    json_end(b);
    json_end(b);
}

bool
argo_podio_archives_logs(const struct flow_node *leaf, const struct json *tmpl)
{
    const struct json *own = json_at_path(tmpl, "archiveLocation.archiveLogs");

    if (own == NULL)
        own = json_get(argo_of(leaf->run)->spec, "archiveLogs");
    return json_bool_or(own, argo_repository_archives_logs(argo_of(leaf->run)));
}

/* Only a default key needs the folder, whose tags cost something. */
static bool
needs_folder(const struct flow_node *leaf, const struct json *tmpl)
{
    JSON_EACH (art, json_at_path(tmpl, "outputs.artifacts")) {
        if (json_str(json_get(argo_key_location(art.value), "key")).n == 0)
            return true;
    }
    return argo_podio_archives_logs(leaf, tmpl);
}

enum { SET_DEPTH_MAX = 64 };

/* One waits for the other, directly or not. */
static bool
waits_for(const struct json *containers, const struct json *one, struct str other, int depth)
{
    JSON_EACH (it, json_get(one, "dependencies")) {
        const struct json *before = argo_artifact_named(containers, json_str(it.value));

        if (str_eq(json_str(it.value), other) || (before != NULL && depth < SET_DEPTH_MAX &&
                                                  waits_for(containers, before, other, depth + 1)))
            return true;
    }
    return false;
}

/* Outputs are taken when main has ended, and they may be the others' work: so main comes after all
 * that do not wait for it. */
static void
add_main_last(struct json_build *b, const struct json *containers)
{
    json_add_array(b, "main");
    JSON_EACH (it, containers) {
        struct str name = json_str(json_get(it.value, "name"));

        if (!str_is(name, "main") && !waits_for(containers, it.value, STR("main"), 0))
            json_add_str(b, NULL, name);
    }
    json_end(b);
}

/* The order of a set's containers, all of which are main ones, and how often they run again. */
static int
add_set(struct json_build *b, const struct json *tmpl, struct err *e)
{
    const struct json *set = json_get(tmpl, "containerSet");
    bool saves = json_count(json_at_path(tmpl, "outputs.parameters")) != 0 ||
                 json_count(json_at_path(tmpl, "outputs.artifacts")) != 0;
    const struct json *retry = json_get(set, "retryStrategy");
    struct str pause = json_str(json_get(retry, "duration"));
    int64_t limit = 0, pause_us = 0;

    if (json_is_null(set))
        return 0;
    json_add_object(b, "after");
    JSON_EACH (it, json_get(set, "containers")) {
        if (json_count(json_get(it.value, "dependencies")) == 0 ||
            (saves && str_is(json_str(json_get(it.value, "name")), "main")))
            continue;
        json_add_key(b, json_str(json_get(it.value, "name")));
        json_add_value(b, NULL, json_get(it.value, "dependencies"));
    }
    if (saves)
        add_main_last(b, json_get(set, "containers"));
    json_end(b);
    if (!json_is_null(json_get(retry, "retries")) &&
        !json_int_or_string(json_get(retry, "retries"), &limit))
        return err_set(e, ERR_INVALID, "containerSet.retryStrategy.retries is not a number");
    if (pause.n != 0 && argo_time_duration(pause, &pause_us, e) < 0)
        return err_wrap(e, "containerSet.retryStrategy.duration");
    json_add_int(b, "retries", limit);
    json_add_int(b, "retryPauseUs", pause_us);
    return 0;
}

int
argo_podio_add(struct json_build *b, struct argo_scope *s, const struct flow_node *leaf,
               const struct json *tmpl, const struct json *inputs, struct err *e)
{
    cleanup_free char *folder = NULL;

    if (needs_folder(leaf, tmpl) && argo_key_folder(s, tmpl, &folder, e) < 0)
        return e->code;
    json_add_object(b, NULL);
    if (add_set(b, tmpl, e) < 0)
        return e->code;
    if (json_is_null(json_get(tmpl, "containerSet"))) {
        json_add_array(b, "main");
        json_add_cstr(b, NULL, "main");
        json_end(b);
    }
    json_add_array(b, "sidecars");
    JSON_EACH (sidecar, json_get(tmpl, "sidecars")) {
        json_add_value(b, NULL, json_get(sidecar.value, "name"));
    }
    json_end(b);
    json_add_bool(b, "result", true);
    json_add_array(b, "inputs");
    add_script(b, tmpl);
    JSON_EACH (art, json_get(inputs, "artifacts")) {
        if (add_input(b, art.value, argo_of(leaf->run), e) < 0)
            return e->code;
    }
    json_end(b);
    add_outputs(b, json_get(tmpl, "outputs"), argo_of(leaf->run), folder);
    if (argo_podio_archives_logs(leaf, tmpl))
        json_add_printf(b, "archiveLogs", "%s/main.log", folder);
    json_add_cstr(b, "progress", ARGO_PROGRESS_FILE);
    json_add_cstr(b, "overLabel", ARGO_POD_COMPLETED);
    json_end(b);
    return 0;
}
