/* What a volume is made of: each kind of source, and what it must name. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

#define MODE_TEXT "must be a number between 0 and 0777 (octal), both inclusive"
#define PARTITION_TEXT "must be between 1 and 255, inclusive"
#define LUN_TEXT "must be between 0 and 255, inclusive"

enum { MODE_MAX = 0777, BYTE_MAX = 255, TOKEN_SECONDS_MIN = 600 };

static const int64_t TOKEN_SECONDS_MAX = 1LL << 32;

/* Paths. */

static bool
steps_back(struct str path)
{
    while (path.p != NULL)
        if (str_is(str_cut(&path, '/'), ".."))
            return true;
    return false;
}

static void
check_no_steps_back(struct rules *r, const char *field, struct str path)
{
    if (steps_back(path))
        rules_invalid_str(r, field, path, "must not contain '..'");
}

void
rules_inner_path(struct rules *r, const char *field, struct str path)
{
    if (path.n > 0 && path.p[0] == '/')
        rules_invalid_str(r, field, path, "must be a relative path");
    check_no_steps_back(r, field, path);
}

/* Names that begin with two dots are the platform's own. */
void
rules_file_path(struct rules *r, const char *field, struct str path)
{
    rules_inner_path(r, field, path);
    if (str_starts(path, STR("..")) && !str_starts(path, STR("../")))
        rules_invalid_str(r, field, path, "must not start with '..'");
}

/* Files of ConfigMaps, Secrets and the Pod itself. */

static void
check_key_path(struct rules *r, const struct json *item)
{
    rules_must_have(r, item, "key");
    rules_must_have(r, item, "path");
    rules_file_path(r, "path", json_str(json_get(item, "path")));
    rules_in_range(r, item, "mode", 0, MODE_MAX, MODE_TEXT);
}

static void
check_items(struct rules *r, const struct json *source)
{
    RULES_EACH (r, "items", it, json_get(source, "items"))
        check_key_path(r, it.value);
}

static void
check_secret(struct rules *r, const struct json *source)
{
    rules_must_have(r, source, "secretName");
    rules_in_range(r, source, "defaultMode", 0, MODE_MAX, MODE_TEXT);
    check_items(r, source);
}

static void
check_config_map(struct rules *r, const struct json *source)
{
    rules_must_have(r, source, "name");
    rules_in_range(r, source, "defaultMode", 0, MODE_MAX, MODE_TEXT);
    check_items(r, source);
}

static void
check_pod_file(struct rules *r, const struct json *file)
{
    static const char *const fields[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                         "metadata.namespace",   "metadata.uid",    NULL};
    const struct json *field = json_get(file, "fieldRef");
    const struct json *resource = json_get(file, "resourceFieldRef");

    rules_must_have(r, file, "path");
    rules_file_path(r, "path", json_str(json_get(file, "path")));
    if (!json_is_null(field)) {
        rules_field_ref(r, field, fields);
        if (!json_is_null(resource))
            rules_invalid_str(r, NULL, STR("resource"),
                              "fieldRef and resourceFieldRef can not be specified simultaneously");
    } else if (!json_is_null(resource)) {
        rules_resource_ref(r, resource, true);
    } else {
        rules_required(r, NULL, "one of fieldRef and resourceFieldRef is required");
    }
    rules_in_range(r, file, "mode", 0, MODE_MAX, MODE_TEXT);
}

/* Upstream names the volume, not the file. */
static void
check_downward(struct rules *r, const struct json *source)
{
    rules_in_range(r, source, "defaultMode", 0, MODE_MAX, MODE_TEXT);
    JSON_EACH (it, json_get(source, "items"))
        check_pod_file(r, it.value);
}

/* Several sources in one. */

/* Upstream names the volume, not the source, where two want the same path. */
static void
take_path(struct rules *r, struct map *taken, struct str path, struct str shown, size_t inside)
{
    cleanup_free char *here = NULL;

    if (path.n == 0 || !rules_meets_again(taken, path))
        return;
    here = str_dup(str_slice(buf_view(&r->path), inside, r->path.n));
    rules_leave(r, inside);
    rules_invalid_str(r, NULL, shown, "conflicting duplicate paths");
    buf_cstr(&r->path, here);
}

static void
check_keys_of(struct rules *r, const struct json *source, const char *type, struct map *taken,
              size_t volume)
{
    const struct json *keys = json_get(source, type);
    size_t before = rules_enter(r, type);

    if (!json_is_null(keys)) {
        rules_must_have(r, keys, "name");
        check_items(r, keys);
        JSON_EACH (it, json_get(keys, "items"))
            take_path(r, taken, json_str(json_get(it.value, "path")),
                      json_str(json_get(keys, "name")), volume);
    }
    rules_leave(r, before);
}

static void
check_pod_files(struct rules *r, const struct json *source, struct map *taken, size_t volume)
{
    size_t before = rules_enter(r, "downwardAPI");

    JSON_EACH (it, json_at_path(source, "downwardAPI.items")) {
        struct str path = json_str(json_get(it.value, "path"));

        check_pod_file(r, it.value);
        take_path(r, taken, path, path, volume);
    }
    rules_leave(r, before);
}

static void
check_token(struct rules *r, const struct json *source)
{
    const struct json *token = json_get(source, "serviceAccountToken");
    size_t before = rules_enter(r, "serviceAccountToken");

    rules_in_range(r, token, "expirationSeconds", TOKEN_SECONDS_MIN, INT64_MAX,
                   "may not specify a duration less than 10 minutes");
    rules_in_range(r, token, "expirationSeconds", INT64_MIN, TOKEN_SECONDS_MAX,
                   "may not specify a duration larger than 2^32 seconds");
    rules_leave(r, before);
}

static void
check_path_of(struct rules *r, const struct json *source)
{
    if (json_is_null(source))
        return;
    rules_must_have(r, source, "path");
    rules_file_path(r, "path", json_str(json_get(source, "path")));
}

static void
check_projected(struct rules *r, const struct json *projected)
{
    size_t volume = r->path.n, before, inside;
    cleanup_map struct map taken = MAP_INIT;

    rules_in_range(r, projected, "defaultMode", 0, MODE_MAX, MODE_TEXT);
    JSON_EACH (it, json_get(projected, "sources")) {
        const struct json *token = json_get(it.value, "serviceAccountToken");
        const struct json *bundle = json_get(it.value, "clusterTrustBundle");
        const struct json *certificate = json_get(it.value, "podCertificate");

        before = rules_enter(r, "sources");
        inside = rules_enter_index(r, it.index);
        check_keys_of(r, it.value, "secret", &taken, volume);
        check_keys_of(r, it.value, "configMap", &taken, volume);
        check_pod_files(r, it.value, &taken, volume);
        if (!json_is_null(token))
            check_token(r, it.value);
        if (!json_is_null(bundle))
            rules_trust_bundle(r, it.value);
        if (!json_is_null(certificate))
            rules_pod_certificate(r, it.value);
        if (json_count(it.value) > 1)
            rules_forbidden(r, NULL, "may not specify more than 1 volume type per source");
        rules_leave(r, inside);
        rules_leave(r, before);
        /* Upstream names the volume, not the source. */
        check_path_of(r, token);
        check_path_of(r, bundle);
    }
}

/* Claims. */

static void
check_ephemeral(struct rules *r, const struct json *source)
{
    const struct json *template = json_get(source, "volumeClaimTemplate");
    const struct json *meta = json_get(template, "metadata");
    size_t before = rules_enter(r, "volumeClaimTemplate"), inside;

    if (json_is_null(template)) {
        rules_required(r, NULL, "");
    } else {
        inside = rules_enter(r, "metadata");
        rules_labels_and_annotations(r, meta);
        JSON_EACH (it, meta)
            if (!str_is(it.key, "labels") && !str_is(it.key, "annotations") &&
                !json_is_null(it.value))
                rules_forbidden(r, it.key.p, "cannot be set");
        rules_leave(r, inside);
        inside = rules_enter(r, "spec");
        rules_claim_spec(r, json_get(template, "spec"));
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

/* Other storage. */

static void
check_host_path(struct rules *r, const struct json *source)
{
    static const char *const types[] = {
        "",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
        "File", "FileOrCreate", "Socket",     NULL};
    struct str path = json_str(json_get(source, "path"));

    rules_must_have(r, source, "path");
    if (path.n == 0)
        return;
    check_no_steps_back(r, "path", path);
    rules_one_of(r, source, "type", types);
}

static void
check_empty_dir(struct rules *r, const struct json *source)
{
    struct str limit = json_str(json_get(source, "sizeLimit"));

    if (limit.n > 0 && limit.p[0] == '-' && !str_is(limit, "-0"))
        rules_forbidden(r, "sizeLimit", "SizeLimit field must be a valid resource quantity");
}

static void
check_nfs(struct rules *r, const struct json *source)
{
    struct str path = json_str(json_get(source, "path"));

    rules_must_have(r, source, "server");
    rules_must_have(r, source, "path");
    if (path.n == 0 || path.p[0] != '/')
        rules_invalid_str(r, "path", path, "must be an absolute path");
}

/* Names of drivers may have capitals. */
static void
check_driver(struct rules *r, struct str driver)
{
    cleanup_free char *lower = str_dup(driver);
    struct names_wrong w;

    for (char *c = lower; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    w = names_wrong(NAMES_SUBDOMAIN, str_of(lower));
    if (driver.n == 0)
        rules_required(r, "driver", "");
    if (driver.n > NAMES_LABEL_MAX)
        rules_too_long(r, "driver", NAMES_LABEL_MAX);
    for (size_t i = 0; i < w.n; i++)
        rules_invalid_str(r, "driver", driver, w.at[i]);
}

static void
check_csi(struct rules *r, const struct json *source)
{
    const struct json *secret = json_get(source, "nodePublishSecretRef");
    struct str name = json_str(json_get(secret, "name"));

    check_driver(r, json_str(json_get(source, "driver")));
    if (json_is_null(secret))
        return;
    if (name.n == 0)
        rules_required(r, "nodePublishSecretRef.name", "");
    else
        rules_name(r, "name", name, NAMES_SUBDOMAIN);
}

static void
check_image(struct rules *r, const struct json *source)
{
    static const char *const pulls[] = {"Always", "IfNotPresent", "Never", NULL};

    rules_must_have(r, source, "reference");
    rules_must_be_one_of(r, source, "pullPolicy", pulls);
}

static void
check_git(struct rules *r, const struct json *source)
{
    rules_must_have(r, source, "repository");
    rules_inner_path(r, "directory", json_str(json_get(source, "directory")));
}

static void
check_partition(struct rules *r, const struct json *source)
{
    rules_in_range(r, source, "partition", 0, BYTE_MAX, PARTITION_TEXT);
}

static void
check_iscsi(struct rules *r, const struct json *source)
{
    static const char *const forms[] = {"iqn", "eui", "naa"};
    struct str iqn = json_str(json_get(source, "iqn"));
    bool good = iqn.n == 0;

    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        good = good || str_starts(iqn, str_of(forms[i]));
    if (!good)
        rules_invalid_str(r, "iqn", iqn, "must be valid format starting with iqn, eui, or naa");
    rules_in_range(r, source, "lun", 0, BYTE_MAX, LUN_TEXT);
    if ((json_bool_or(json_get(source, "chapAuthDiscovery"), false) ||
         json_bool_or(json_get(source, "chapAuthSession"), false)) &&
        json_is_null(json_get(source, "secretRef")))
        rules_required(r, "secretRef", "");
}

static void
check_fc(struct rules *r, const struct json *source)
{
    const struct json *names = json_get(source, "targetWWNs"), *ids = json_get(source, "wwids");

    if (json_count(names) == 0 && json_count(ids) == 0)
        rules_required(r, "targetWWNs", "must specify either targetWWNs or wwids, but not both");
    if (json_count(names) > 0 && json_count(ids) > 0)
        rules_invalid(r, "targetWWNs", names,
                      "targetWWNs and wwids can not be specified simultaneously");
    if (json_count(names) > 0 && json_is_null(json_get(source, "lun")))
        rules_required(r, "lun", "lun is required if targetWWNs is specified");
    else if (json_count(names) > 0)
        rules_in_range(r, source, "lun", 0, BYTE_MAX, LUN_TEXT);
}

typedef void source_fn(struct rules *r, const struct json *source);

/* In the order in which upstream looks at them: the first one counts.  `needs` must have a text,
 * `list` an item.  Upstream's paths have some names otherwise: where a source is the second one,
 * and within it. */
static const struct source {
    const char *type;
    source_fn *check;
    const char *needs[3], *list, *second, *inside;
} sources[] = {
    {"emptyDir", check_empty_dir, {NULL}, NULL, NULL, NULL},
    {"hostPath", check_host_path, {NULL}, NULL, NULL, NULL},
    {"gitRepo", check_git, {NULL}, NULL, NULL, NULL},
    {"gcePersistentDisk", check_partition, {"pdName"}, NULL, NULL, "persistentDisk"},
    {"awsElasticBlockStore", check_partition, {"volumeID"}, NULL, NULL, NULL},
    {"secret", check_secret, {NULL}, NULL, NULL, NULL},
    {"nfs", check_nfs, {NULL}, NULL, NULL, NULL},
    {"iscsi", check_iscsi, {"targetPortal", "iqn"}, NULL, NULL, NULL},
    {"glusterfs", NULL, {"endpoints", "path"}, NULL, NULL, NULL},
    {"flocker", NULL, {NULL}, NULL, NULL, NULL},
    {"persistentVolumeClaim", NULL, {"claimName"}, NULL, NULL, NULL},
    {"rbd", NULL, {"image"}, "monitors", NULL, NULL},
    {"cinder", NULL, {"volumeID"}, NULL, NULL, NULL},
    {"cephfs", NULL, {NULL}, "monitors", "cephFS", NULL},
    {"quobyte", NULL, {"registry", "volume"}, NULL, NULL, NULL},
    {"downwardAPI", check_downward, {NULL}, NULL, "downwarAPI", NULL},
    {"fc", check_fc, {NULL}, NULL, NULL, NULL},
    {"flexVolume", NULL, {"driver"}, NULL, NULL, NULL},
    {"configMap", check_config_map, {NULL}, NULL, NULL, NULL},
    {"azureFile", NULL, {"secretName", "shareName"}, NULL, NULL, NULL},
    {"vsphereVolume", NULL, {"volumePath"}, NULL, NULL, NULL},
    {"photonPersistentDisk", NULL, {"pdID"}, NULL, NULL, NULL},
    {"portworxVolume", NULL, {"volumeID"}, NULL, NULL, NULL},
    {"azureDisk", NULL, {"diskName", "diskURI"}, NULL, NULL, NULL},
    {"storageos", NULL, {"volumeName"}, NULL, NULL, NULL},
    {"projected", check_projected, {NULL}, NULL, NULL, NULL},
    {"scaleIO", NULL, {"gateway", "system", "volumeName"}, NULL, NULL, NULL},
    {"csi", check_csi, {NULL}, NULL, NULL, NULL},
    {"ephemeral", check_ephemeral, {NULL}, NULL, NULL, NULL},
    {"image", check_image, {NULL}, NULL, NULL, NULL},
};

static void
check_source(struct rules *r, const struct source *s, const struct json *value)
{
    size_t before = rules_enter(r, s->inside != NULL ? s->inside : s->type);

    if (s->list != NULL && json_count(json_get(value, s->list)) == 0)
        rules_required(r, s->list, "");
    for (size_t i = 0; i < ARRAY_LEN(s->needs) && s->needs[i] != NULL; i++)
        rules_must_have(r, value, s->needs[i]);
    if (s->check != NULL)
        s->check(r, value);
    rules_leave(r, before);
}

void
rules_volume_source(struct rules *r, const struct json *volume)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        const struct json *value = json_get(volume, sources[i].type);

        if (json_is_null(value))
            continue;
        if (n++ > 0)
            rules_forbidden(r, sources[i].second != NULL ? sources[i].second : sources[i].type,
                            "may not specify more than 1 volume type");
        else
            check_source(r, &sources[i], value);
    }
    if (n == 0)
        rules_required(r, NULL, "must specify a volume type");
}
