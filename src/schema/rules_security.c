/* Under which identity a Pod and its containers run, and what they are allowed. */

#include <ctype.h>

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { SYSCTL_MAX = 253, APPARMOR_MAX = 4095 };

#define ID_TEXT "must be between 0 and 2147483647, inclusive"

static const char *const profile_types[] = {"Localhost", "RuntimeDefault", "Unconfined", NULL};

static void
check_seccomp(struct rules *r, const struct json *parent)
{
    const struct json *profile = json_get(parent, "seccompProfile");
    struct str type = json_str(json_get(profile, "type"));
    const struct json *local = json_get(profile, "localhostProfile");
    size_t before = rules_enter(r, "seccompProfile");

    if (!json_is_null(profile)) {
        if (type.n == 0)
            rules_required(r, "type", "type is required when seccompProfile is set");
        else
            rules_one_of(r, profile, "type", profile_types);
        if (str_is(type, "Localhost") && json_is_null(local))
            rules_required(r, "localhostProfile", "must be set when seccomp type is Localhost");
        else if (str_is(type, "Localhost"))
            rules_inner_path(r, "localhostProfile", json_str(local));
        else if (!json_is_null(local))
            rules_invalid_type(r, "localhostProfile", "SeccompProfile", profile,
                               "can only be set when seccomp type is Localhost");
    }
    rules_leave(r, before);
}

static void
check_apparmor_local(struct rules *r, const struct json *local)
{
    static const char text[] = "must be set when AppArmor type is Localhost";
    struct str name = json_str(local);

    if (name.n != str_trim(name).n)
        rules_invalid_str(r, "localhostProfile", name, "must not be padded with whitespace");
    else if (name.n == 0)
        rules_required(r, "localhostProfile", text);
    if (name.n > APPARMOR_MAX)
        rules_too_long(r, "localhostProfile", APPARMOR_MAX);
}

static void
check_apparmor(struct rules *r, const struct json *parent)
{
    const struct json *profile = json_get(parent, "appArmorProfile");
    struct str type = json_str(json_get(profile, "type"));
    const struct json *local = json_get(profile, "localhostProfile");
    size_t before = rules_enter(r, "appArmorProfile");

    if (json_is_null(profile))
        ;
    else if (str_is(type, "Localhost"))
        check_apparmor_local(r, local);
    else if (type.n == 0)
        rules_required(r, "type", "type is required when appArmorProfile is set");
    else if (str_is(type, "RuntimeDefault") || str_is(type, "Unconfined")) {
        if (!json_is_null(local))
            rules_invalid(r, "localhostProfile", local,
                          "can only be set when AppArmor type is Localhost");
    } else {
        rules_one_of(r, profile, "type", profile_types);
    }
    rules_leave(r, before);
}

static void
check_ids(struct rules *r, const struct json *context)
{
    static const char *const ids[] = {"fsGroup", "runAsUser", "runAsGroup"};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        rules_in_range(r, context, ids[i], 0, INT32_MAX, ID_TEXT);
}

/* Words of small letters, digits, '-' and '_', joined by '.' or '/', each with a letter or digit at
 * both ends. */
static bool
is_sysctl(struct str name)
{
    bool inside = false; /* the last one was a letter or digit */

    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = islower((unsigned char)c) || isdigit((unsigned char)c);
        bool start = i == 0 || name.p[i - 1] == '.' || name.p[i - 1] == '/';

        if (!word && c != '-' && c != '_' && c != '.' && c != '/')
            return false;
        if ((start && !word) || ((c == '.' || c == '/') && !inside))
            return false;
        inside = word;
    }
    return name.n <= SYSCTL_MAX && inside;
}

static bool
is_of_ipc(struct str sysctl)
{
    static const char *const names[] = {
        "kernel.sem",    "kernel.shm",    "kernel.shmall",
        "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
        "kernel.msg",    "kernel.msgmax", "kernel.msgmnb",
        "kernel.msgmni",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(sysctl, names[i]))
            return true;
    return str_starts(sysctl, STR("fs.mqueue."));
}

/* What has a namespace of the Pod's cannot be set where that is the host's. */
static void
check_shared(struct rules *r, struct str name, const struct json *spec)
{
    cleanup_free char *dotted = str_dup(name);

    for (char *c = dotted; *c != '\0'; c++)
        *c = *c == '/' ? '.' : *c;
    if (str_starts(str_of(dotted), STR("net.")) &&
        json_bool_or(json_get(spec, "hostNetwork"), false))
        rules_invalid_str(r, "name", name, "may not be specified when 'hostNetwork' is true");
    else if (is_of_ipc(str_of(dotted)) && json_bool_or(json_get(spec, "hostIPC"), false))
        rules_invalid_str(r, "name", name, "may not be specified when 'hostIPC' is true");
}

static void
check_sysctls(struct rules *r, const struct json *list, const struct json *spec)
{
    cleanup_map struct map names = MAP_INIT;

    RULES_EACH (r, "sysctls", it, list) {
        struct str name = json_str(json_get(it.value, "name"));

        if (name.n == 0)
            rules_required(r, "name", "");
        else if (!is_sysctl(name))
            rules_invalid_str(r, "name", name,
                              "must have at most 253 characters and match regex "
                              "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*"
                              "[a-z0-9])?$");
        else if (rules_meets_again(&names, name))
            rules_duplicate(r, "name", name);
        check_shared(r, name, spec);
    }
}

void
rules_pod_security(struct rules *r, const struct json *context, const struct json *spec)
{
    static const char *const changes[] = {"Always", "OnRootMismatch", NULL};
    static const char *const groups[] = {"Merge", "Strict", NULL};
    static const char *const relabels[] = {"Recursive", NULL};
    const struct json *share = json_get(spec, "shareProcessNamespace");

    check_ids(r, context);
    RULES_EACH (r, "supplementalGroups", it, json_get(context, "supplementalGroups")) {
        int64_t id;

        if (json_int(it.value, &id) && (id < 0 || id > INT32_MAX))
            rules_invalid(r, NULL, it.value, ID_TEXT);
    }
    if (json_bool_or(share, false) && json_bool_or(json_get(spec, "hostPID"), false))
        rules_invalid(r, "shareProcessNamespace", share,
                      "ShareProcessNamespace and HostPID cannot both be enabled");
    check_sysctls(r, json_get(context, "sysctls"), spec);
    rules_one_of(r, context, "fsGroupChangePolicy", changes);
    check_seccomp(r, context);
    check_apparmor(r, context);
    rules_one_of(r, context, "supplementalGroupsPolicy", groups);
    rules_one_of(r, context, "seLinuxChangePolicy", relabels);
}

static bool
adds_admin(const struct json *context)
{
    JSON_EACH (it, json_at_path(context, "capabilities.add"))
        if (str_is(json_str(it.value), "CAP_SYS_ADMIN"))
            return true;
    return false;
}

void
rules_container_security(struct rules *r, const struct json *context)
{
    static const char *const mounts[] = {"Default", "Unmasked", NULL};
    const struct json *mount = json_get(context, "procMount");

    check_ids(r, context);
    rules_one_of(r, context, "procMount", mounts);
    if (str_is(json_str(mount), "Unmasked") && json_bool_or(json_get(r->spec, "hostUsers"), true))
        rules_invalid(r, "procMount", mount, "`hostUsers` must be false to use `Unmasked`");
    check_seccomp(r, context);
    if (!json_bool_or(json_get(context, "allowPrivilegeEscalation"), true)) {
        if (json_bool_or(json_get(context, "privileged"), false))
            rules_invalid_type(r, NULL, "SecurityContext", context,
                               "cannot set `allowPrivilegeEscalation` to false and `privileged` "
                               "to true");
        if (adds_admin(context))
            rules_invalid_type(r, NULL, "SecurityContext", context,
                               "cannot set `allowPrivilegeEscalation` to false and "
                               "`capabilities.Add` CAP_SYS_ADMIN");
    }
    check_apparmor(r, context);
}

/* Other systems. */

static const char *const pod_fields_of_linux[] = {"hostUsers",
                                                  "hostPID",
                                                  "hostIPC",
                                                  "shareProcessNamespace",
                                                  "securityContext.appArmorProfile",
                                                  "securityContext.seLinuxOptions",
                                                  "securityContext.seccompProfile",
                                                  "securityContext.fsGroup",
                                                  "securityContext.fsGroupChangePolicy",
                                                  "securityContext.sysctls",
                                                  "securityContext.runAsUser",
                                                  "securityContext.runAsGroup",
                                                  "securityContext.supplementalGroups",
                                                  "securityContext.supplementalGroupsPolicy",
                                                  "securityContext.seLinuxChangePolicy",
                                                  NULL};
static const char *const container_fields_of_linux[] = {"securityContext.appArmorProfile",
                                                        "securityContext.seLinuxOptions",
                                                        "securityContext.seccompProfile",
                                                        "securityContext.capabilities",
                                                        "securityContext.readOnlyRootFilesystem",
                                                        "securityContext.privileged",
                                                        "securityContext.allowPrivilegeEscalation",
                                                        "securityContext.procMount",
                                                        "securityContext.runAsUser",
                                                        "securityContext.runAsGroup",
                                                        NULL};
static const char *const fields_of_windows[] = {"securityContext.windowsOptions", NULL};

static void
forbid(struct rules *r, const struct json *v, const char *const *fields, const char *why)
{
    for (; *fields != NULL; fields++)
        if (!json_is_null(json_at_path(v, *fields)))
            rules_forbidden(r, *fields, why);
}

void
rules_system(struct rules *r, const struct json *spec)
{
    static const char *const names[] = {"linux", "windows", NULL};
    static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};
    struct str name = json_str(json_at_path(spec, "os.name"));
    bool windows = str_is(name, "windows");
    const char *why = windows ? "cannot be set for a windows pod"
                              : "windows options cannot be set for a linux pod";

    if (json_is_null(json_get(spec, "os")))
        return;
    if (name.n == 0) {
        rules_required(r, "os.name", "");
        return;
    }
    if (!windows && !str_is(name, "linux")) {
        rules_unsupported(r, "os", name, names);
        return;
    }
    forbid(r, spec, windows ? pod_fields_of_linux : fields_of_windows, why);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        RULES_EACH (r, lists[i], it, json_get(spec, lists[i]))
            forbid(r, it.value, windows ? container_fields_of_linux : fields_of_windows, why);
    }
}
