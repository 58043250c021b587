#include "schema/columns.h"

#include "base/buf.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/columns_int.h"
#include "schema/columns_text.h"
#include "schema/schema.h"

enum { MAX_COLUMNS = 12 };

struct column {
    const char *name;
    const char *text;      /* description */
    const char *path;      /* the cell is the text of this field; or NULL */
    const char *otherwise; /* what an absent field shows as; NULL: "" */
    columns_cell_fn *cell; /* makes the cell; or NULL */
    const char *type;      /* NULL: "string" */
    bool wide;             /* priority 1 */
    bool number;           /* the cell is a number in JSON */
    bool pointer;          /* an empty text is no absent one */
};

struct columns {
    const char *api_version, *kind;
    struct column at[MAX_COLUMNS];
};

#define NAME \
    { \
        .name = "Name", .text = COLUMNS_TEXT_NAME, .path = "metadata.name", .type = "name" \
    }
#define AGE \
    { \
        .name = "Age", .text = COLUMNS_TEXT_AGE, .cell = columns_age \
    }
/* Of volumes and claims. */
#define ATTRIBUTES_CLASS(description) \
    { \
        .name = "VolumeAttributesClass", .text = description, \
        .path = "spec.volumeAttributesClassName", .otherwise = "<unset>", .pointer = true \
    }
#define VOLUME_MODE \
    { \
        .name = "VolumeMode", .text = "a file system or a block device", \
        .path = "spec.volumeMode", .otherwise = "<unset>", .pointer = true, .wide = true \
    }

static const struct columns rows[] = {
    {"v1",
     "Pod",
     {NAME,
      {.name = "Ready", .text = COLUMNS_TEXT_POD_READY, .cell = columns_pod_ready},
      {.name = "Status", .text = COLUMNS_TEXT_POD_STATUS, .cell = columns_pod_status},
      {.name = "Restarts", .text = COLUMNS_TEXT_POD_RESTARTS, .cell = columns_pod_restarts},
      AGE,
      {.name = "IP", .text = COLUMNS_TEXT_POD_IP, .cell = columns_pod_ip, .wide = true},
      {.name = "Node",
       .text = COLUMNS_TEXT_POD_NODE,
       .path = "spec.nodeName",
       .otherwise = "<none>",
       .wide = true},
      {.name = "Nominated Node",
       .text = COLUMNS_TEXT_POD_NOMINATED,
       .path = "status.nominatedNodeName",
       .otherwise = "<none>",
       .wide = true},
      {.name = "Readiness Gates",
       .text = COLUMNS_TEXT_POD_GATES,
       .cell = columns_pod_gates,
       .wide = true}}},
    {"v1",
     "ConfigMap",
     {NAME,
      {.name = "Data",
       .text = COLUMNS_TEXT_CONFIG_MAP_DATA,
       .cell = columns_data_count,
       .number = true},
      AGE}},
    {"v1",
     "Secret",
     {NAME,
      {.name = "Type", .text = "what kind of secret it is", .path = "type"},
      {.name = "Data",
       .text = "how many keys it holds",
       .cell = columns_secret_count,
       .number = true},
      AGE}},
    {"v1",
     "Namespace",
     {NAME, {.name = "Status", .text = "Active or Terminating", .path = "status.phase"}, AGE}},
    {"v1",
     "ServiceAccount",
     {NAME,
      {.name = "Secrets",
       .text = "how many secrets it names",
       .cell = columns_account_count,
       .number = true},
      AGE}},
    {"v1",
     "Service",
     {NAME,
      {.name = "Type", .text = COLUMNS_TEXT_SERVICE_TYPE, .path = "spec.type"},
      {.name = "Cluster-IP", .text = COLUMNS_TEXT_SERVICE_CLUSTER_IP, .cell = columns_service_ip},
      {.name = "External-IP",
       .text = COLUMNS_TEXT_SERVICE_EXTERNAL_IP,
       .cell = columns_service_external},
      {.name = "Port(s)", .text = COLUMNS_TEXT_SERVICE_PORTS, .cell = columns_service_ports},
      AGE,
      {.name = "Selector",
       .text = COLUMNS_TEXT_SERVICE_SELECTOR,
       .cell = columns_labels_of_selector,
       .wide = true}}},
    {"v1",
     "Endpoints",
     {NAME,
      {.name = "Endpoints", .text = "addresses and ports that serve", .cell = columns_endpoints},
      AGE}},
    {"v1",
     "PersistentVolumeClaim",
     {NAME,
      {.name = "Status", .text = "Pending, Bound or Lost", .cell = columns_claim_status},
      {.name = "Volume", .text = "the volume it is bound to", .path = "spec.volumeName"},
      {.name = "Capacity", .text = "how much the volume holds", .cell = columns_claim_capacity},
      {.name = "Access Modes", .text = "how it may be mounted", .cell = columns_claim_modes},
      {.name = "StorageClass", .text = "the class it asks for", .cell = columns_claim_class},
      ATTRIBUTES_CLASS("the class of attributes it asks for"),
      AGE,
      VOLUME_MODE}},
    {"v1",
     "PersistentVolume",
     {NAME,
      {.name = "Capacity", .text = "how much it holds", .cell = columns_volume_capacity},
      {.name = "Access Modes", .text = "how it may be mounted", .cell = columns_volume_modes},
      {.name = "Reclaim Policy",
       .text = "what becomes of it when its claim goes",
       .path = "spec.persistentVolumeReclaimPolicy"},
      {.name = "Status",
       .text = "Available, Bound, Released or Failed",
       .cell = columns_volume_status},
      {.name = "Claim", .text = "the claim it is bound to", .cell = columns_volume_claim},
      {.name = "StorageClass", .text = "the class it belongs to", .cell = columns_volume_class},
      ATTRIBUTES_CLASS("the class of its attributes"),
      {.name = "Reason", .text = "why it is in this state", .path = "status.reason"},
      AGE,
      VOLUME_MODE}},
    {"v1",
     "Node",
     {NAME,
      {.name = "Status", .text = "whether it runs pods", .cell = columns_node_status},
      {.name = "Roles", .text = "its roles, from labels", .cell = columns_node_roles},
      AGE,
      {.name = "Version",
       .text = "version of what runs the pods",
       .path = "status.nodeInfo.kubeletVersion"},
      {.name = "Internal-IP",
       .text = "address within the cluster",
       .cell = columns_node_internal,
       .wide = true},
      {.name = "External-IP",
       .text = "address for the rest of the world",
       .cell = columns_node_external,
       .wide = true},
      {.name = "OS-Image",
       .text = "its system",
       .path = "status.nodeInfo.osImage",
       .otherwise = "<unknown>",
       .wide = true},
      {.name = "Kernel-Version",
       .text = "its kernel",
       .path = "status.nodeInfo.kernelVersion",
       .otherwise = "<unknown>",
       .wide = true},
      {.name = "Container-Runtime",
       .text = "what runs its containers",
       .path = "status.nodeInfo.containerRuntimeVersion",
       .otherwise = "<unknown>",
       .wide = true}}},
    {"v1",
     "ResourceQuota",
     {NAME,
      {.name = "Request", .text = "used and allowed amounts", .cell = columns_quota_requests},
      {.name = "Limit", .text = "used and allowed limits", .cell = columns_quota_limits},
      AGE}},
    {"coordination.k8s.io/v1",
     "Lease",
     {NAME, {.name = "Holder", .text = "who holds it", .path = "spec.holderIdentity"}, AGE}},
    {"v1",
     "Event",
     {{.name = "Last Seen", .text = COLUMNS_TEXT_EVENT_LAST, .cell = columns_event_last},
      {.name = "Type", .text = COLUMNS_TEXT_EVENT_TYPE, .path = "type"},
      {.name = "Reason", .text = COLUMNS_TEXT_EVENT_REASON, .path = "reason"},
      {.name = "Object", .text = COLUMNS_TEXT_EVENT_OBJECT, .cell = columns_event_object},
      {.name = "Subobject",
       .text = COLUMNS_TEXT_EVENT_SUBOBJECT,
       .path = "involvedObject.fieldPath",
       .wide = true},
      {.name = "Source",
       .text = COLUMNS_TEXT_EVENT_SOURCE,
       .cell = columns_event_source,
       .wide = true},
      {.name = "Message", .text = COLUMNS_TEXT_EVENT_MESSAGE, .cell = columns_event_message},
      {.name = "First Seen",
       .text = COLUMNS_TEXT_EVENT_FIRST,
       .cell = columns_event_first,
       .wide = true},
      {.name = "Count",
       .text = COLUMNS_TEXT_EVENT_COUNT,
       .cell = columns_event_count,
       .wide = true,
       .number = true},
      {.name = "Name",
       .text = COLUMNS_TEXT_NAME,
       .path = "metadata.name",
       .type = "name",
       .wide = true}}},
    {"argoproj.io/v1alpha1",
     "Workflow",
     {NAME,
      {.name = "Status", .text = "phase of the run", .path = "status.phase"},
      {.name = "Age", .text = "since when it runs", .path = "status.startedAt", .type = "date"},
      {.name = "Message", .text = "why it is in this phase", .path = "status.message"}}},
};

static const struct columns others = {"", "", {NAME, AGE}};
/* Of custom resources the age is a date in the definitions. */
static const struct columns custom = {
    "", "", {NAME, {.name = "Age", .text = COLUMNS_TEXT_AGE, .cell = columns_age, .type = "date"}}};

static bool
is_row(const struct columns *c, struct str api_version, struct str kind)
{
    return str_is(api_version, c->api_version) && str_is(kind, c->kind);
}

const struct columns *
columns_of(struct str api_version, struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_row(&rows[i], api_version, kind))
            return &rows[i];
    return schema_is_custom(api_version) ? &custom : &others;
}

/* "name" is a format of strings, as upstream marks the column by which an object is known. */
static bool
is_format(const struct column *c)
{
    return c->type != NULL && str_is(str_of(c->type), "name");
}

void
columns_add_definitions(const struct columns *c, struct json_build *b, const char *key)
{
    json_add_array(b, key);
    for (size_t i = 0; i < MAX_COLUMNS && c->at[i].name != NULL; i++) {
        const struct column *column = &c->at[i];

        json_add_object(b, NULL);
        json_add_cstr(b, "name", column->name);
        json_add_cstr(b, "type",
                      column->type == NULL || is_format(column) ? "string" : column->type);
        json_add_cstr(b, "format", is_format(column) ? "name" : "");
        json_add_cstr(b, "description", column->text);
        json_add_int(b, "priority", column->wide);
        json_end(b);
    }
    json_end(b);
}

static void
write_field(const struct column *c, const struct json *object, int64_t now_us, struct buf *to)
{
    const struct json *v = json_at_path(object, c->path);

    if (c->type != NULL && !is_format(c)) {
        columns_write_since(v, now_us, to);
        return;
    }
    if (json_is_null(v) || (json_scalar_text(v).n == 0 && !c->pointer))
        buf_cstr(to, c->otherwise != NULL ? c->otherwise : "");
    else
        buf_str(to, json_scalar_text(v));
}

void
columns_add_cells(const struct columns *c, const struct json *object, int64_t now_us,
                  struct json_build *b, const char *key)
{
    cleanup_buf struct buf text = BUF_INIT;

    json_add_array(b, key);
    for (size_t i = 0; i < MAX_COLUMNS && c->at[i].name != NULL; i++) {
        const struct column *column = &c->at[i];

        buf_clear(&text);
        if (column->cell != NULL)
            column->cell(object, now_us, &text);
        else
            write_field(column, object, now_us, &text);
        if (column->number)
            json_add_number(b, NULL, buf_view(&text));
        else
            json_add_str(b, NULL, buf_view(&text));
    }
    json_end(b);
}
