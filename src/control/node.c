/*
 * The Node: this machine, as one object.
 *
 * It is made at the start, and brought up to date with what the machine has; what people say of it
 * (labels, taints, spec.unschedulable) stays.  While it is unschedulable ("cordoned"), new Pods
 * stay Pending; when that ends, they are looked at again.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/node.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "io/file.h"

enum { MAX_FACT = 64 * 1024 };

bool
node_is_cordoned(struct control *c, struct turn *t)
{
    cleanup_object struct object *o = NULL;

    if (c->config.node == NULL)
        return false;
    o = objects_find(c->config.objects, t, &kind_node, STR(""), str_of(c->config.node));
    return o != NULL && json_bool_or(object_at(o, "spec.unschedulable"), false);
}

void
node_wait(struct control *c, struct str pod_uid)
{
    if (map_get(&c->unbound, pod_uid) == NULL)
        map_put(&c->unbound, pod_uid, c);
}

static void
wake_pods(struct control *c)
{
    MAP_EACH (&c->unbound, it)
        controllers_wake(c->config.controllers, kind_pod.resource, it.key);
    map_done(&c->unbound);
}

/* What the machine says of itself. */

/* The value of NAME= in /etc/os-release, without quotes. */
static void
os_name(struct buf *to)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct str rest;
    struct err e = ERR_INIT;

    if (file_read(AT_FDCWD, "/etc/os-release", MAX_FACT, &text, &e) < 0)
        buf_clear(&text);
    rest = buf_view(&text);
    while (rest.p != NULL) {
        struct str value = str_cut(&rest, '\n'), name = str_cut(&value, '=');

        if (str_is(name, "PRETTY_NAME") && value.n > 2 && value.p[0] == '"')
            buf_str(to, str_slice(value, 1, value.n - 1));
    }
    if (to->n == 0)
        buf_cstr(to, "Linux");
}

static void
add_amounts(struct json_build *b, const char *key, const struct control *c)
{
    struct statvfs disk = {.f_frsize = 0};
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    json_add_object(b, key);
    json_add_printf(b, "cpu", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    if (statvfs(c->data, &disk) == 0)
        json_add_printf(b, "ephemeral-storage", "%lluKi",
                        (unsigned long long)disk.f_blocks * disk.f_frsize / 1024);
    json_add_printf(b, "memory", "%lldKi", (long long)pages * page / 1024);
    json_add_printf(b, "pods", "%lld", (long long)c->config.node_pods);
    json_end(b);
}

static void
add_condition(struct json_build *b, const char *type, const char *status, const char *reason,
              const char *message, struct str now)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "type", type);
    json_add_cstr(b, "status", status);
    json_add_str(b, "lastHeartbeatTime", now);
    json_add_str(b, "lastTransitionTime", now);
    json_add_cstr(b, "reason", reason);
    json_add_cstr(b, "message", message);
    json_end(b);
}

static void
add_conditions(struct json_build *b, int64_t now_us)
{
    cleanup_buf struct buf now = BUF_INIT;

    timestamp_write(&now, now_us);
    json_add_array(b, "conditions");
    add_condition(b, "MemoryPressure", "False", "KubeletHasSufficientMemory",
                  "kubelet has sufficient memory available", buf_view(&now));
    add_condition(b, "DiskPressure", "False", "KubeletHasNoDiskPressure",
                  "kubelet has no disk pressure", buf_view(&now));
    add_condition(b, "PIDPressure", "False", "KubeletHasSufficientPID",
                  "kubelet has sufficient PID available", buf_view(&now));
    add_condition(b, "Ready", "True", "KubeletReady", "the server runs pods", buf_view(&now));
    json_end(b);
}

static void
add_address(struct json_build *b, const char *type, const char *address)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "type", type);
    json_add_cstr(b, "address", address);
    json_end(b);
}

static const char *
architecture(const char *machine)
{
    if (strcmp(machine, "x86_64") == 0)
        return "amd64";
    return strcmp(machine, "aarch64") == 0 ? "arm64" : machine;
}

static void
add_info(struct json_build *b, const struct control *c, const struct utsname *u)
{
    cleanup_buf struct buf os = BUF_INIT;

    os_name(&os);
    json_add_object(b, "nodeInfo");
    json_add_cstr(b, "architecture", architecture(u->machine));
    json_add_cstr(b, "bootID", c->boot_id);
    json_add_cstr(b, "containerRuntimeVersion", "sluice://" SLUICE_VERSION);
    json_add_cstr(b, "kernelVersion", u->release);
    json_add_cstr(b, "kubeProxyVersion", "");
    json_add_cstr(b, "kubeletVersion", "v1.34.1+sluice");
    json_add_cstr(b, "machineID", c->boot_id);
    json_add_cstr(b, "operatingSystem", "linux");
    json_add_str(b, "osImage", buf_view(&os));
    json_add_cstr(b, "systemUUID", c->boot_id);
    json_end(b);
}

static void
add_status(struct json_build *b, const struct control *c, const struct utsname *u, int64_t now_us)
{
    json_add_object(b, "status");
    json_add_array(b, "addresses");
    add_address(b, "InternalIP", "127.0.0.1");
    add_address(b, "Hostname", c->config.node);
    json_end(b);
    add_amounts(b, "allocatable", c);
    add_amounts(b, "capacity", c);
    add_conditions(b, now_us);
    add_info(b, c, u);
    json_end(b);
}

/* The whole object: people's labels, annotations and spec, and the machine's own. */
static struct json_doc *
compose(const struct control *c, const struct object *old, int64_t now_us)
{
    static const char *const own_labels[] = {"kubernetes.io/arch", "kubernetes.io/hostname",
                                             "kubernetes.io/os", NULL};
    static const char *const no_labels[] = {"labels", "resourceVersion", NULL};
    const struct json *root = old != NULL ? object_root(old) : NULL;
    struct json_build b = JSON_BUILD_INIT;
    struct utsname u;

    uname(&u);
    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_add_object(&b, "labels");
    json_add_cstr(&b, own_labels[0], architecture(u.machine));
    json_add_cstr(&b, own_labels[1], c->config.node);
    json_add_cstr(&b, own_labels[2], "linux");
    json_add_fields(&b, json_at_path(root, "metadata.labels"), own_labels);
    json_end(&b);
    if (root != NULL)
        json_add_fields(&b, json_get(root, "metadata"), no_labels);
    else
        json_add_cstr(&b, "name", c->config.node);
    json_end(&b);
    if (json_get(root, "spec") != NULL) {
        json_add_value(&b, "spec", json_get(root, "spec"));
    } else {
        json_add_object(&b, "spec");
        json_add_printf(&b, "providerID", "sluice://%s", c->config.node);
        json_end(&b);
    }
    add_status(&b, c, &u, now_us);
    json_end(&b);
    return json_build_done(&b);
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *old = NULL;
    cleanup_json struct json_doc *doc = NULL;

    if (c->config.node == NULL)
        return 0;
    old = objects_find(c->config.objects, t, &kind_node, STR(""), str_of(c->config.node));
    doc = compose(c, old, turn_now_us(t));
    if (old != NULL)
        return objects_update(c->config.objects, t, &kind_node, STR(""), json_root(doc),
                              OBJECTS_ALL, NULL, e);
    return objects_create(c->config.objects, t, &kind_node, STR(""), json_root(doc), NULL, e);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;

    (void)p, (void)e;
    if (!node_is_cordoned(c, t))
        wake_pods(c);
    return 0;
}

static void
forget(void *self)
{
    map_done(&((struct control *)self)->unbound);
}

const struct controller_row node_controller_row = {.name = "node",
                                                   .resource = "nodes",
                                                   .restore = restore,
                                                   .forget = forget,
                                                   .reconcile = reconcile};
