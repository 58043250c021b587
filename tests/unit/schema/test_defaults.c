#include "schema/defaults.h"

#include "base/buf.h"
#include "data/json.h"
#include "schema/imagetag.h"
#include "schema/schema.h"
#include "tests/unit/schema/objectrig.h"

/* The part of an object, given as YAML, with its defaults. */
static char *
defaulted(const char *yaml, const char *path)
{
    cleanup_json struct json_doc *full = object(yaml);
    struct buf text = BUF_INIT;

    json_write_sorted(&text, json_at_path(json_root(full), path));
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = text.p[i] == '"' ? '\'' : text.p[i];
    return buf_take(&text);
}

#define CHECK_DEFAULTS(yaml, path, want) \
    do { \
        cleanup_free char *got_ = defaulted(yaml, path); \
        CHECK_STR(got_, want); \
    } while (0)
#define POD "apiVersion: v1\nkind: Pod\nspec:\n"

TEST(defaults_complete_a_pod)
{
    CHECK_DEFAULTS(POD "  containers: [{name: a, image: b, ports: [{containerPort: 80}],\n"
                       "    readinessProbe: {httpGet: {port: 1}}}]\n"
                       "  volumes: [{name: v}, {name: w, configMap: {name: c}}]\n",
                   "spec",
                   "{'containers':[{'image':'b','imagePullPolicy':'Always','name':'a','ports':[{"
                   "'containerPort':80,'protocol':'TCP'}],'readinessProbe':{'failureThreshold':3,"
                   "'httpGet':{'path':'/','port':1,'scheme':'HTTP'},'periodSeconds':10,"
                   "'successThreshold':1,'timeoutSeconds':1},'resources':{},"
                   "'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':"
                   "'File'}],'dnsPolicy':'ClusterFirst','enableServiceLinks':true,'restartPolicy':"
                   "'Always','schedulerName':'default-scheduler','securityContext':{},"
                   "'terminationGracePeriodSeconds':30,'volumes':[{'emptyDir':{},'name':'v'},{"
                   "'configMap':{'defaultMode':420,'name':'c'},'name':'w'}]}");
}

TEST(defaults_take_requests_from_limits_and_host_ports_from_ports)
{
    CHECK_DEFAULTS(POD "  hostNetwork: true\n"
                       "  containers: [{name: a, ports: [{containerPort: 80}], resources:\n"
                       "    {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 1}}}]\n",
                   "spec.containers",
                   "[{'imagePullPolicy':'IfNotPresent','name':'a','ports':[{'containerPort':80,"
                   "'hostPort':80,'protocol':'TCP'}],'resources':{'limits':{'cpu':'2','memory':"
                   "'1Gi'},'requests':{'cpu':'1','memory':'1Gi'}},'terminationMessagePath':"
                   "'/dev/termination-log','terminationMessagePolicy':'File'}]");
}

TEST(defaults_follow_other_values)
{
    CHECK_DEFAULTS("apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n", "spec",
                   "{'internalTrafficPolicy':'Cluster','ports':[{'port':80,'protocol':'TCP',"
                   "'targetPort':80}],'sessionAffinity':'None','type':'ClusterIP'}");
    CHECK_DEFAULTS("apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer, sessionAffinity: "
                   "ClientIP}\n",
                   "spec",
                   "{'allocateLoadBalancerNodePorts':true,'externalTrafficPolicy':'Cluster',"
                   "'internalTrafficPolicy':'Cluster','sessionAffinity':'ClientIP',"
                   "'sessionAffinityConfig':{'clientIP':{'timeoutSeconds':10800}},'type':"
                   "'LoadBalancer'}");
    CHECK_DEFAULTS("apiVersion: v1\nkind: Secret\nstringData: {p: w}\ndata: {p: YQ==, q: YQ==}\n",
                   "data", "{'p':'dw==','q':'YQ=='}");
    CHECK_DEFAULTS("apiVersion: v1\nkind: Namespace\nmetadata: {name: t}\n", "metadata.labels",
                   "{'kubernetes.io/metadata.name':'t'}");
    CHECK_DEFAULTS(POD "  serviceAccount: s\n", "spec.serviceAccountName", "'s'");
    CHECK_DEFAULTS(POD "  volumes: [{name: v, image: {reference: r}}, {name: w, image: {reference: "
                       "'r:1'}}]\n",
                   "spec.volumes",
                   "[{'image':{'pullPolicy':'Always','reference':'r'},'name':'v'},{'image':{"
                   "'pullPolicy':'IfNotPresent','reference':'r:1'},'name':'w'}]");
    CHECK_DEFAULTS("apiVersion: v1\nkind: Pod\nstatus: {podIP: 1.2.3.4}\n", "status.podIPs",
                   "[{'ip':'1.2.3.4'}]");
}

TEST(defaults_leave_values_and_templates_alone)
{
    CHECK_DEFAULTS(POD "  terminationGracePeriodSeconds: 0\n", "spec.terminationGracePeriodSeconds",
                   "0");
    CHECK_DEFAULTS("apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {}}\n",
                   "template.spec.enableServiceLinks", "null");
    CHECK_DEFAULTS("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {volumes: [{name: v}]}",
                   "spec", "{'volumes':[{'name':'v'}]}");
}

TEST(imagetag_reads_names_of_images)
{
    CHECK_VIEW(imagetag_of(STR("busybox")), "latest");
    CHECK_VIEW(imagetag_of(STR("r.io:5000/a/b")), "latest");
    CHECK_VIEW(imagetag_of(STR("localhost/a__b:1.2-x")), "1.2-x");
    CHECK_VIEW(imagetag_of(STR("a@sha256:"
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")),
               "");
    CHECK_NULL(imagetag_of(STR("Bad/Name")).p);
    CHECK_NULL(imagetag_of(STR("")).p);
    CHECK_NULL(imagetag_of(STR("a:")).p);
}

TESTS_MAIN(T_(defaults_complete_a_pod),
           T_(defaults_take_requests_from_limits_and_host_ports_from_ports),
           T_(defaults_follow_other_values), T_(defaults_leave_values_and_templates_alone),
           T_(imagetag_reads_names_of_images))
