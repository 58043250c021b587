/* The volumes of a Pod, and where its containers see them. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/problem.h"
#include "schema/rules_int.h"

/* Ephemeral volumes are claims with the Pod's name before theirs. */
static char *
claim_name(const struct json *pod_name, const struct json *volume)
{
    return xasprintf("%s-%s", json_cstr_or(pod_name, ""),
                     json_cstr_or(json_get(volume, "name"), ""));
}

static void
check_claim_name(struct rules *r, const struct json *volume)
{
    cleanup_free char *claim = claim_name(r->pod_name, volume);
    struct names_wrong w = names_wrong(NAMES_SUBDOMAIN, str_of(claim));

    if (json_str(r->pod_name).n == 0 || json_str(json_get(volume, "name")).n == 0)
        return;
    for (size_t i = 0; i < w.n; i++) {
        cleanup_free char *text = xasprintf("PVC name \"%s\": %s", claim, w.at[i]);

        rules_invalid(r, "name", json_get(volume, "name"), text);
    }
}

/* The names of the claims that are made for the Pod's ephemeral volumes. */
static void
meet_claims(const struct rules *r, const struct json *volumes, struct map *met)
{
    JSON_EACH (it, volumes) {
        cleanup_free char *name = claim_name(r->pod_name, it.value);

        if (!json_is_null(json_get(it.value, "ephemeral")))
            (void)rules_meets_again(met, str_of(name));
    }
}

void
rules_volumes(struct rules *r, const struct json *volumes)
{
    cleanup_map struct map made = MAP_INIT;

    meet_claims(r, volumes, &made);
    RULES_EACH (r, NULL, it, volumes) {
        struct str name = json_str(json_get(it.value, "name"));
        const struct json *claim = json_at_path(it.value, "persistentVolumeClaim.claimName");
        size_t problems = r->problems->n;

        rules_volume_source(r, it.value);
        if (!json_is_null(json_get(it.value, "ephemeral")))
            check_claim_name(r, it.value);
        rules_must_be_named(r, it.value, "name", NAMES_LABEL);
        if (map_get(&r->volumes, name) != NULL)
            rules_duplicate(r, "name", name);
        if (r->problems->n == problems)
            (void)map_put(&r->volumes, name, (void *)(uintptr_t)it.value);
        if (json_str(claim).n > 0 && map_get(&made, json_str(claim)) != NULL)
            rules_invalid(r, "persistentVolumeClaim.claimName", claim,
                          "must not reference a PVC that gets created for an ephemeral volume");
    }
}

/* Mounts. */

/* What the two lists of a container say. */
struct uses {
    struct map mounts, paths;                 /* names and paths of all volumeMounts */
    struct map devices, device_paths;         /* of all volumeDevices */
    struct map met_paths;                     /* of the volumeMounts so far */
    struct map met_devices, met_device_paths; /* of the volumeDevices so far */
};

static void
uses_done(struct uses *u)
{
    struct map *all[] = {&u->mounts,    &u->paths,       &u->devices,         &u->device_paths,
                         &u->met_paths, &u->met_devices, &u->met_device_paths};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        map_done(all[i]);
}

static void
check_recursive(struct rules *r, const struct json *mount)
{
    static const char *const kinds[] = {"Disabled", "Enabled", "IfPossible", NULL};
    struct str kind = json_str(json_get(mount, "recursiveReadOnly"));
    struct str propagation = json_str(json_get(mount, "mountPropagation"));

    if (kind.p == NULL || str_is(kind, "Disabled"))
        return;
    if (!str_is(kind, "Enabled") && !str_is(kind, "IfPossible")) {
        rules_unsupported(r, "recursiveReadOnly", kind, kinds);
        return;
    }
    if (!json_bool_or(json_get(mount, "readOnly"), false))
        rules_forbidden(r, "recursiveReadOnly", "may only be specified when readOnly is true");
    if (propagation.p != NULL && !str_is(propagation, "None"))
        rules_forbidden(r, "recursiveReadOnly",
                        "may only be specified when mountPropagation is None or not specified");
}

static void
check_mount(struct rules *r, const struct json *mount, struct uses *u)
{
    struct str name = json_str(json_get(mount, "name"));
    struct str path = json_str(json_get(mount, "mountPath"));
    struct str expr = json_str(json_get(mount, "subPathExpr"));

    rules_must_have(r, mount, "name");
    if (map_get(&r->volumes, name) == NULL)
        rules_not_found(r, "name", name, "");
    rules_must_have(r, mount, "mountPath");
    if (rules_meets_again(&u->met_paths, path))
        rules_invalid_str(r, "mountPath", path, "must be unique");
    if (map_get(&u->devices, name) != NULL)
        rules_invalid_str(r, "name", name, "must not already exist in volumeDevices");
    if (map_get(&u->device_paths, path) != NULL)
        rules_invalid_str(r, "mountPath", path,
                          "must not already exist as a path in volumeDevices");
    if (expr.n > 0 && json_str(json_get(mount, "subPath")).n > 0)
        rules_invalid_str(r, "subPathExpr", expr, "subPathExpr and subPath are mutually exclusive");
}

static void
check_mounts(struct rules *r, const struct json *container, struct uses *u)
{
    static const char *const propagations[] = {"Bidirectional", "HostToContainer", "None", NULL};
    const struct json *mounts = json_get(container, "volumeMounts");
    bool privileged = json_bool_or(json_at_path(container, "securityContext.privileged"), false);

    JSON_EACH (it, mounts) {
        size_t before = rules_enter_index(r, it.index);

        check_mount(r, it.value, u);
        rules_leave(r, before);
        /* Upstream names the list, not the item, for these. */
        rules_inner_path(r, "subPath", json_str(json_get(it.value, "subPath")));
        rules_inner_path(r, "subPathExpr", json_str(json_get(it.value, "subPathExpr")));
        rules_one_of(r, it.value, "mountPropagation", propagations);
        if (str_is(json_str(json_get(it.value, "mountPropagation")), "Bidirectional") &&
            !privileged)
            rules_forbidden(r, "mountPropagation",
                            "Bidirectional mount propagation is available only to privileged "
                            "containers");
        check_recursive(r, it.value);
    }
}

static void
check_device(struct rules *r, const struct json *device, struct uses *u)
{
    struct str name = json_str(json_get(device, "name"));
    struct str path = json_str(json_get(device, "devicePath")), rest = path;
    const struct json *volume = map_get(&r->volumes, name);
    bool back = false;

    rules_must_have(r, device, "name");
    if (name.n > 0 && rules_meets_again(&u->met_devices, name))
        rules_invalid_str(r, "name", name, "must be unique");
    if (volume == NULL)
        rules_not_found(r, "name", name, "");
    else if (json_is_null(json_get(volume, "persistentVolumeClaim")) &&
             json_is_null(json_get(volume, "ephemeral")))
        rules_invalid_str(r, "name", name,
                          "can only use volume source type of PersistentVolumeClaim or Ephemeral "
                          "for block mode");
    rules_must_have(r, device, "devicePath");
    if (rules_meets_again(&u->met_device_paths, path))
        rules_invalid_str(r, "devicePath", path, "must be unique");
    while (rest.p != NULL)
        back = str_is(str_cut(&rest, '/'), "..") || back;
    if (back)
        rules_invalid_str(r, "devicePath", path, "can not contain backsteps ('..')");
    if (map_get(&u->mounts, name) != NULL)
        rules_invalid_str(r, "name", name, "must not already exist in volumeMounts");
    if (map_get(&u->paths, path) != NULL)
        rules_invalid_str(r, "devicePath", path,
                          "must not already exist as a path in volumeMounts");
}

void
rules_mounts(struct rules *r, const struct json *container)
{
    const struct json *mounts = json_get(container, "volumeMounts");
    const struct json *devices = json_get(container, "volumeDevices");
    size_t before = rules_enter(r, "volumeMounts");
    struct uses u = {.mounts = MAP_INIT};

    rules_meet_all(&u.mounts, mounts, "name");
    rules_meet_all(&u.paths, mounts, "mountPath");
    rules_meet_all(&u.devices, devices, "name");
    rules_meet_all(&u.device_paths, devices, "devicePath");
    check_mounts(r, container, &u);
    rules_leave(r, before);
    RULES_EACH (r, "volumeDevices", it, devices)
        check_device(r, it.value, &u);
    uses_done(&u);
}
