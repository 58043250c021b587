#include "schema/columns.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/yaml.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1700000000000000) /* 2023-11-14T22:13:20Z */

/* The cells of an object, given as YAML, as JSON with ' for ". */
static char *
cells(const char *yaml)
{
    cleanup_json struct json_doc *object = NULL, *row = NULL;
    struct json_build b = JSON_BUILD_INIT;
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    const struct json *root;

    if (yaml_parse_one(str_of(yaml), NULL, &object, &e) < 0)
        fail_msg("%s", e.msg);
    root = json_root(object);
    columns_add_cells(
        columns_of(json_str(json_get(root, "apiVersion")), json_str(json_get(root, "kind"))), root,
        NOW, &b, NULL);
    row = json_build_done(&b);
    json_write(&text, json_root(row));
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = text.p[i] == '"' ? '\'' : text.p[i];
    return buf_take(&text);
}

#define CHECK_CELLS(yaml, want) \
    do { \
        cleanup_free char *got_ = cells(yaml); \
        CHECK_STR(got_, want); \
    } while (0)
#define POD \
    "apiVersion: v1\nkind: Pod\n" \
    "metadata: {name: p, creationTimestamp: '2023-11-14T22:12:20Z'}\n" \
    "spec: {nodeName: nn, initContainers: [{name: i}, {name: s, restartPolicy: Always}],\n" \
    "  containers: [{name: a}, {name: b}]}\n"
#define REST "'60s','<none>','nn','<none>','<none>']"

TEST(columns_tell_what_a_pod_is_doing)
{
    CHECK_CELLS(POD "status: {phase: Pending}\n", "['p','0/3','Pending','0'," REST);
    CHECK_CELLS(POD "status: {phase: Pending, initContainerStatuses: [{name: i, restartCount: 1,\n"
                    "  state: {running: {}}}]}\n",
                "['p','0/3','Init:0/2','1'," REST);
    CHECK_CELLS(POD "status: {phase: Pending, initContainerStatuses: [{name: i, state:\n"
                    "  {waiting: {reason: ImagePullBackOff}}}]}\n",
                "['p','0/3','Init:ImagePullBackOff','0'," REST);
    CHECK_CELLS(POD "status: {phase: Pending, initContainerStatuses: [{name: i, state:\n"
                    "  {terminated: {exitCode: 3}}}]}\n",
                "['p','0/3','Init:ExitCode:3','0'," REST);
    CHECK_CELLS(POD "status: {phase: Running, initContainerStatuses: [\n"
                    "  {name: i, restartCount: 4, state: {terminated: {exitCode: 0}}},\n"
                    "  {name: s, restartCount: 1, started: true, ready: true}],\n"
                    "  containerStatuses: [{name: a, ready: true, state: {running: {}}},\n"
                    "  {name: b, restartCount: 5, state: {waiting: {reason: CrashLoopBackOff}},\n"
                    "   lastState: {terminated: {finishedAt: '2023-11-14T22:03:20Z'}}}]}\n",
                "['p','2/3','CrashLoopBackOff','6 (10m ago)'," REST);
    CHECK_CELLS(POD "status: {phase: Succeeded, containerStatuses: [{name: a, state:\n"
                    "  {terminated: {reason: Completed}}}]}\n",
                "['p','0/3','Completed','0'," REST);
    CHECK_CELLS(POD
                "status: {phase: Running, containerStatuses: [{name: a, state:\n"
                "  {terminated: {reason: Completed}}}, {name: b, ready: true, state: {running:\n"
                "  {}}}]}\n",
                "['p','1/3','NotReady','0'," REST);
    CHECK_CELLS(POD "status: {phase: Failed, containerStatuses: [{name: a, state:\n"
                    "  {terminated: {signal: 9}}}]}\n",
                "['p','0/3','Signal:9','0'," REST);
}

TEST(columns_tell_that_a_pod_is_going)
{
    CHECK_CELLS("apiVersion: v1\nkind: Pod\nmetadata: {name: p, deletionTimestamp: "
                "'2023-11-14T22:12:20Z'}\nstatus: {phase: Running, podIPs: [{ip: 1.2.3.4}]}\n",
                "['p','0/0','Terminating','0','<unknown>','1.2.3.4','<none>','<none>','<none>']");
    CHECK_CELLS("apiVersion: v1\nkind: Pod\nmetadata: {name: p, deletionTimestamp: "
                "'2023-11-14T22:12:20Z'}\nstatus: {phase: Succeeded}\n",
                "['p','0/0','Succeeded','0','<unknown>','<none>','<none>','<none>','<none>']");
}

TEST(columns_show_the_other_kinds)
{
    CHECK_CELLS("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: NodePort, "
                "clusterIPs: [10.0.0.1],\n  selector: {b: '2', a: '1'}, ports: [{port: 80, "
                "protocol: TCP}, {port: 53, nodePort: 30053, protocol: UDP}]}\n",
                "['s','NodePort','10.0.0.1','<none>','80/TCP,53:30053/UDP','<unknown>','a=1,b=2']");
    CHECK_CELLS("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
                "binaryData: {c: ''}\n",
                "['c',2,'<unknown>']");
    CHECK_CELLS("apiVersion: v1\nkind: Event\nmetadata: {name: e}\ntype: Normal\nreason: Started\n"
                "involvedObject: {kind: Pod, name: p1}\nmessage: ' m '\n",
                "['<unknown>','Normal','Started','pod/p1','','','m','<unknown>',1,'e']");
    CHECK_CELLS("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n"
                "spec: {volumeName: v, volumeMode: Filesystem}\n"
                "status: {phase: Bound, capacity: {storage: 1Gi}, accessModes: [ReadWriteMany,\n"
                "  ReadWriteOnce]}\n",
                "['c','Bound','v','1Gi','RWO,RWX','','<unset>','<unknown>','Filesystem']");
    CHECK_CELLS("apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\nsubsets: [{addresses: "
                "[{ip: 1.1.1.1}, {ip: '::1'}], ports: [{port: 1}, {port: 2}]}]\n",
                "['e','1.1.1.1:1,[::1]:1,1.1.1.1:2 + 1 more...','<unknown>']");
    CHECK_CELLS("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\n"
                "status: {phase: Running, startedAt: '2023-11-14T22:11:20Z'}\n",
                "['w','Running','2m','']");
    CHECK_CELLS("apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\n", "['w','<unknown>']");
}

TEST(columns_are_defined_as_they_are_filled)
{
    cleanup_json struct json_doc *doc = NULL;
    struct json_build b = JSON_BUILD_INIT;
    const struct json *name, *node;

    columns_add_definitions(columns_of(STR("v1"), STR("Pod")), &b, NULL);
    doc = json_build_done(&b);
    CHECK_INT(json_count(json_root(doc)), 9);
    name = json_item(json_root(doc), 0);
    node = json_item(json_root(doc), 6);
    CHECK_STR(json_cstr_or(json_get(name, "format"), ""), "name");
    CHECK_VIEW(json_number_text(json_get(name, "priority")), "0");
    CHECK_STR(json_cstr_or(json_get(node, "name"), ""), "Node");
    CHECK_STR(json_cstr_or(json_get(node, "type"), ""), "string");
    CHECK_VIEW(json_number_text(json_get(node, "priority")), "1");
}

TESTS_MAIN(T_(columns_tell_what_a_pod_is_doing), T_(columns_tell_that_a_pod_is_going),
           T_(columns_show_the_other_kinds), T_(columns_are_defined_as_they_are_filled))
