#include <stdio.h>

#include "base/err.h"
#include "data/json.h"
#include "data/tag.h"
#include "data/yaml.h"
#include "flow/argo/validate_int.h"

/* Reports a path of a list that is taken already, and takes the others. */
static void
take_paths(struct validate *v, const struct visit *at, struct map *taken, const struct json *list,
           const char *field, const char *list_name)
{
    JSON_EACH (it, list) {
        const struct json *path = json_get(it.value, field);
        const char *before = json_str(path).n > 0 ? map_get(taken, json_str(path)) : NULL;
        char *owner;

        if (json_str(path).n == 0)
            continue;
        if (before != NULL) {
            validate_say(
                v, at->origin, path, "templates.%.*s.%s[%zu].%s '%.*s' already mounted in %s",
                STR_ARG(at->name), list_name, it.index, field, STR_ARG(json_str(path)), before);
            continue;
        }
        owner = arena_printf(&v->arena, "%s.%.*s", list_name,
                             STR_ARG(json_str(json_get(it.value, "name"))));
        map_put(taken, json_str(path), owner);
    }
}

static void
check_mounts(struct validate *v, const struct visit *at, const char *body)
{
    struct map taken = MAP_INIT;

    take_paths(v, at, &taken, json_get(json_get(at->template, body), "volumeMounts"), "mountPath",
               validate_text(v, "%s.volumeMounts", body));
    take_paths(v, at, &taken, json_at_path(at->template, "inputs.artifacts"), "path",
               "inputs.artifacts");
    map_done(&taken);
}

static void
check_image(struct validate *v, const struct visit *at, const char *body)
{
    const struct json *own = json_get(at->template, body);
    const struct json *fallback =
        json_get(json_get(json_get(at->origin->spec, "templateDefaults"), body), "image");

    if (json_str(json_get(own, "image")).n == 0 && json_str(fallback).n == 0)
        validate_say(v, at->origin, own, "templates.%.*s.%s.image may not be empty",
                     STR_ARG(at->name), body);
}

enum { CONTAINER_SET_MAX = 50 };

/* The number of the container with a name, or -1. */
static int
container_number(const struct json *containers, struct str name)
{
    JSON_EACH (it, containers)
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return (int)it.index;
    return -1;
}

/* Puts containers into `ready` that depend only on such that are, until none is left to be put:
 * what remains hangs on a cycle.  Returns the number of one of those, or -1. */
static int
find_cycle(const struct json *containers)
{
    bool ready[CONTAINER_SET_MAX] = {false}, more = true;
    int stuck = -1;

    while (more) {
        more = false;
        stuck = -1;
        JSON_EACH (it, containers) {
            bool waits = false;

            if (ready[it.index])
                continue;
            JSON_EACH (to, json_get(it.value, "dependencies")) {
                int before = container_number(containers, json_str(to.value));

                waits |= before >= 0 && !ready[before];
            }
            if (waits)
                stuck = (int)it.index;
            else
                more = ready[it.index] = true;
        }
    }
    return stuck;
}

static void
check_dependencies(struct validate *v, const struct visit *at, const struct json *containers)
{
    int stuck = find_cycle(containers);

    JSON_EACH (it, containers) {
        struct str name = json_str(json_get(it.value, "name"));

        JSON_EACH (to, json_get(it.value, "dependencies"))
            if (container_number(containers, json_str(to.value)) < 0)
                validate_say(v, at->origin, to.value,
                             "templates.%.*s.containerSet.containers.%.*s dependency '%.*s' not "
                             "defined",
                             STR_ARG(at->name), STR_ARG(name), STR_ARG(json_str(to.value)));
        if ((int)it.index == stuck)
            validate_say(v, at->origin, it.value,
                         "templates.%.*s.containerSet.containers dependency cycle detected: "
                         "%.*s waits for itself, or for containers that do",
                         STR_ARG(at->name), STR_ARG(name));
    }
}

static void
check_container_set(struct validate *v, const struct visit *at)
{
    const struct json *set = json_get(at->template, "containerSet");
    const struct json *containers = json_get(set, "containers");
    bool connected = json_count(json_at_path(at->template, "inputs.artifacts")) > 0 ||
                     json_count(json_at_path(at->template, "outputs.parameters")) > 0 ||
                     json_count(json_at_path(at->template, "outputs.artifacts")) > 0;

    if (json_count(containers) == 0)
        validate_say(v, at->origin, set,
                     "templates.%.*s.containerSet.containers must have at least one container",
                     STR_ARG(at->name));
    if (json_count(containers) > CONTAINER_SET_MAX) {
        validate_say(v, at->origin, containers,
                     "templates.%.*s.containerSet.containers may be %d at most", STR_ARG(at->name),
                     CONTAINER_SET_MAX);
        return;
    }
    validate_names(v, at->origin, containers, false,
                   validate_text(v, "templates.%.*s.containerSet.containers", STR_ARG(at->name)));
    if (connected && validate_find(containers, STR("main")) == NULL)
        validate_say(v, at->origin, containers,
                     "templates.%.*s.containerSet.containers must have a container named \"main\" "
                     "for input or output",
                     STR_ARG(at->name));
    check_dependencies(v, at, containers);
    check_mounts(v, at, "containerSet");
}

static void
check_manifest(struct validate *v, const struct visit *at, const struct json *resource)
{
    const struct json *manifest = json_get(resource, "manifest");
    const struct json *from = json_get(resource, "manifestFrom");
    struct str artifact = json_str(json_at_path(from, "artifact.name"));
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    if (json_str(manifest).n == 0 && json_is_null(from))
        validate_say(v, at->origin, resource,
                     "either templates.%.*s.resource.manifest or "
                     "templates.%.*s.resource.manifestFrom must be specified",
                     STR_ARG(at->name), STR_ARG(at->name));
    if (json_str(manifest).n > 0 && !json_is_null(from))
        validate_say(v, at->origin, from,
                     "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` "
                     "for resource template");
    if (!json_is_null(json_get(from, "artifact")) &&
        validate_find(json_at_path(at->template, "inputs.artifacts"), artifact) == NULL)
        validate_say(v, at->origin, from,
                     "artifact %.*s in `manifestFrom` refer to a non-exist artifact",
                     STR_ARG(artifact));
    /* With tags in it, it need not be YAML before they are filled in. */
    if (json_str(manifest).n > 0 && !tag_present(json_str(manifest)) &&
        yaml_parse(json_str(manifest), NULL, &docs, &e) < 0)
        validate_say(v, at->origin, manifest,
                     "templates.%.*s.resource.manifest must be a valid yaml: %s", STR_ARG(at->name),
                     e.msg);
}

static void
check_resource(struct validate *v, const struct visit *at)
{
    static const char *const actions[] = {"get", "create", "apply", "delete", "replace", "patch"};
    const struct json *resource = json_get(at->template, "resource");
    struct str action = json_str(json_get(resource, "action"));
    bool known = tag_present(action);

    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        known |= str_is(action, actions[i]);
    if (!known)
        validate_say(v, at->origin, resource,
                     "templates.%.*s.resource.action must be one of: get, create, apply, delete, "
                     "replace, patch",
                     STR_ARG(at->name));
    if (!str_is(action, "delete") && !str_is(action, "get"))
        check_manifest(v, at, resource);
}

static void
check_limits(struct validate *v, const struct visit *at)
{
    const struct json *deadline = json_get(at->template, "activeDeadlineSeconds");
    const struct json *parallelism = json_get(at->template, "parallelism");
    int64_t seconds = 0;

    if (!json_is_null(deadline) && !tag_present(json_str(deadline)) &&
        (!json_int_or_string(deadline, &seconds) || seconds < 0))
        validate_say(v, at->origin, deadline,
                     "templates.%.*s.activeDeadlineSeconds must be a positive integer > 0 or an "
                     "argo variable",
                     STR_ARG(at->name));
    if (!json_is_null(parallelism))
        validate_say(v, at->origin, parallelism,
                     "templates.%.*s.parallelism is only valid for steps and dag templates",
                     STR_ARG(at->name));
}

void
validate_leaf(struct validate *v, const struct visit *at, const struct scope *scope)
{
    /* Outputs have a check of their own. */
    static const char *const except[] = {"outputs", NULL};

    scope_check(v, at->origin, scope, at->template, except,
                validate_text(v, "templates.%.*s: ", STR_ARG(at->name)));
    switch (at->body) {
    case BODY_CONTAINER:
        check_mounts(v, at, "container");
        check_image(v, at, "container");
        break;
    case BODY_SCRIPT:
        check_mounts(v, at, "script");
        check_image(v, at, "script");
        break;
    case BODY_CONTAINER_SET:
        check_container_set(v, at);
        break;
    case BODY_RESOURCE:
        check_resource(v, at);
        break;
    default:
        break;
    }
    check_limits(v, at);
}
