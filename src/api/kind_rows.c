/*
 * The kinds that the platform itself serves, row by row.
 */
#include "api/kind.h"
#include "data/json.h"

/* Whether an object still needs attention. */

static bool
always(const struct json *object)
{
    (void)object;
    return true;
}

static bool
phase_is_one_of(const struct json *object, const char *const *phases)
{
    struct str phase = json_str(json_at_path(object, "status.phase"));

    for (; *phases != NULL; phases++) {
        if (str_is(phase, *phases))
            return true;
    }
    return false;
}

static bool
pod_is_over(const struct json *object)
{
    static const char *const phases[] = {"Succeeded", "Failed", NULL};

    return phase_is_one_of(object, phases);
}

static bool
workflow_is_over(const struct json *object)
{
    static const char *const phases[] = {"Succeeded", "Failed", "Error", NULL};

    return phase_is_one_of(object, phases);
}

enum { READ_WRITE = KIND_GET | KIND_PATCH | KIND_UPDATE };

static const char *const all[] = {"all", NULL};
static const struct kind_subresource no_status[] = {{0}};

/* The core group. */

static const char *const pod_short[] = {"po", NULL};
static const struct kind_subresource pod_subresources[] = {
    {.name = "binding", .kind = "Binding", .group = "", .version = "v1", .verbs = KIND_CREATE},
    {.name = "eviction",
     .kind = "Eviction",
     .group = "policy",
     .version = "v1",
     .verbs = KIND_CREATE},
    {.name = "exec", .kind = "PodExecOptions", .verbs = KIND_CREATE | KIND_GET},
    {.name = "log", .kind = "Pod", .verbs = KIND_GET},
    {.name = "status", .kind = "Pod", .verbs = READ_WRITE},
    {0}};
static const struct kind_field pod_fields[] = {{.label = "spec.nodeName"},
                                               {.label = "spec.restartPolicy"},
                                               {.label = "spec.schedulerName"},
                                               {.label = "spec.serviceAccountName"},
                                               {.label = "spec.hostNetwork", .absent = "false"},
                                               {.label = "status.phase"},
                                               {.label = "status.podIP"},
                                               {.label = "status.nominatedNodeName"},
                                               {0}};
const struct kind kind_pod = {.kind = "Pod",
                              .group = "",
                              .version = "v1",
                              .plural = "pods",
                              .resource = "pods",
                              .namespaced = true,
                              .graceful = true,
                              .gives_deleted = true,
                              .counts_generation = true,
                              .is_finished = pod_is_over,
                              .singular = "pod",
                              .short_names = pod_short,
                              .categories = all,
                              .verbs = KIND_VERBS_ALL,
                              .subresources = pod_subresources,
                              .fields = pod_fields};

static const char *const config_map_short[] = {"cm", NULL};
const struct kind kind_config_map = {.kind = "ConfigMap",
                                     .group = "",
                                     .version = "v1",
                                     .plural = "configmaps",
                                     .resource = "configmaps",
                                     .namespaced = true,
                                     .is_finished = always,
                                     .singular = "configmap",
                                     .short_names = config_map_short,
                                     .verbs = KIND_VERBS_ALL,
                                     .subresources = no_status};

static const char *const secret_index[] = {"type", NULL};
static const struct kind_field secret_fields[] = {{.label = "type"}, {0}};
const struct kind kind_secret = {.kind = "Secret",
                                 .group = "",
                                 .version = "v1",
                                 .plural = "secrets",
                                 .resource = "secrets",
                                 .namespaced = true,
                                 .is_finished = always,
                                 .indexed = secret_index,
                                 .singular = "secret",
                                 .verbs = KIND_VERBS_ALL,
                                 .subresources = no_status,
                                 .fields = secret_fields};

static const char *const service_short[] = {"svc", NULL};
static const struct kind_subresource service_subresources[] = {
    {.name = "status", .kind = "Service", .verbs = READ_WRITE}, {0}};
static const char *const service_index[] = {"spec.clusterIP", NULL};
static const struct kind_field service_fields[] = {
    {.label = "spec.clusterIP"}, {.label = "spec.type"}, {0}};
const struct kind kind_service = {.kind = "Service",
                                  .group = "",
                                  .version = "v1",
                                  .plural = "services",
                                  .resource = "services",
                                  .namespaced = true,
                                  .indexed = service_index,
                                  .gives_deleted = true,
                                  .singular = "service",
                                  .short_names = service_short,
                                  .categories = all,
                                  .verbs = KIND_VERBS_ALL,
                                  .subresources = service_subresources,
                                  .fields = service_fields};

static const char *const endpoints_short[] = {"ep", NULL};
const struct kind kind_endpoints = {.kind = "Endpoints",
                                    .group = "",
                                    .version = "v1",
                                    .plural = "endpoints",
                                    .resource = "endpoints",
                                    .namespaced = true,
                                    .is_finished = always,
                                    .singular = "endpoints",
                                    .short_names = endpoints_short,
                                    .verbs = KIND_VERBS_ALL,
                                    .subresources = no_status};

static const char *const namespace_short[] = {"ns", NULL};
static const struct kind_subresource namespace_subresources[] = {
    {.name = "finalize", .kind = "Namespace", .verbs = KIND_UPDATE},
    {.name = "status", .kind = "Namespace", .verbs = READ_WRITE},
    {0}};
static const struct kind_field namespace_fields[] = {{.label = "status.phase"}, {0}};
const struct kind kind_namespace = {.kind = "Namespace",
                                    .group = "",
                                    .version = "v1",
                                    .plural = "namespaces",
                                    .resource = "namespaces",
                                    .lingers = true,
                                    .gives_deleted = true,
                                    .singular = "namespace",
                                    .short_names = namespace_short,
                                    .verbs = KIND_VERBS_ALL & ~KIND_DELETECOLLECTION,
                                    .subresources = namespace_subresources,
                                    .fields = namespace_fields};

static const char *const event_short[] = {"ev", NULL};
static const char *const event_index[] = {"involvedObject.uid", NULL};
static const struct kind_field event_fields[] = {{.label = "involvedObject.kind"},
                                                 {.label = "involvedObject.namespace"},
                                                 {.label = "involvedObject.name"},
                                                 {.label = "involvedObject.uid"},
                                                 {.label = "involvedObject.apiVersion"},
                                                 {.label = "involvedObject.resourceVersion"},
                                                 {.label = "involvedObject.fieldPath"},
                                                 {.label = "reason"},
                                                 {.label = "reportingComponent"},
                                                 {.label = "source", .path = "source.component"},
                                                 {.label = "type"},
                                                 {0}};
const struct kind kind_event = {.kind = "Event",
                                .group = "",
                                .version = "v1",
                                .plural = "events",
                                .resource = "events",
                                .namespaced = true,
                                .is_finished = always,
                                .indexed = event_index,
                                .singular = "event",
                                .short_names = event_short,
                                .verbs = KIND_VERBS_ALL,
                                .subresources = no_status,
                                .fields = event_fields};

/* The newer form of the same objects. */
static const struct kind_field event_face_fields[] = {
    {.label = "regarding.kind", .path = "involvedObject.kind"},
    {.label = "regarding.namespace", .path = "involvedObject.namespace"},
    {.label = "regarding.name", .path = "involvedObject.name"},
    {.label = "regarding.uid", .path = "involvedObject.uid"},
    {.label = "regarding.apiVersion", .path = "involvedObject.apiVersion"},
    {.label = "regarding.resourceVersion", .path = "involvedObject.resourceVersion"},
    {.label = "regarding.fieldPath", .path = "involvedObject.fieldPath"},
    {.label = "reason"},
    {.label = "reportingController", .path = "reportingComponent"},
    {.label = "type"},
    {0}};
static const struct kind_rename event_renames[] = {{"count", "deprecatedCount"},
                                                   {"firstTimestamp", "deprecatedFirstTimestamp"},
                                                   {"involvedObject", "regarding"},
                                                   {"lastTimestamp", "deprecatedLastTimestamp"},
                                                   {"message", "note"},
                                                   {"reportingComponent", "reportingController"},
                                                   {"source", "deprecatedSource"},
                                                   {0}};
const struct kind kind_event_face = {.kind = "Event",
                                     .group = "events.k8s.io",
                                     .version = "v1",
                                     .plural = "events",
                                     .resource = "events.events.k8s.io",
                                     .namespaced = true,
                                     .indexed = event_index,
                                     .singular = "event",
                                     .short_names = event_short,
                                     .verbs = KIND_VERBS_ALL,
                                     .subresources = no_status,
                                     .fields = event_face_fields,
                                     .face_of = &kind_event,
                                     .renames = event_renames};

static const char *const pvc_short[] = {"pvc", NULL};
static const struct kind_subresource pvc_subresources[] = {
    {.name = "status", .kind = "PersistentVolumeClaim", .verbs = READ_WRITE}, {0}};
const struct kind kind_pvc = {.kind = "PersistentVolumeClaim",
                              .group = "",
                              .version = "v1",
                              .plural = "persistentvolumeclaims",
                              .resource = "persistentvolumeclaims",
                              .namespaced = true,
                              .checked = true,
                              .gives_deleted = true,
                              .singular = "persistentvolumeclaim",
                              .short_names = pvc_short,
                              .verbs = KIND_VERBS_ALL,
                              .subresources = pvc_subresources};

static const char *const service_account_short[] = {"sa", NULL};
static const struct kind_subresource service_account_subresources[] = {
    {.name = "token",
     .kind = "TokenRequest",
     .group = "authentication.k8s.io",
     .version = "v1",
     .verbs = KIND_CREATE},
    {0}};
const struct kind kind_service_account = {.kind = "ServiceAccount",
                                          .group = "",
                                          .version = "v1",
                                          .plural = "serviceaccounts",
                                          .resource = "serviceaccounts",
                                          .namespaced = true,
                                          .is_finished = always,
                                          .gives_deleted = true,
                                          .singular = "serviceaccount",
                                          .short_names = service_account_short,
                                          .verbs = KIND_VERBS_ALL,
                                          .subresources = service_account_subresources};

static const char *const node_short[] = {"no", NULL};
static const struct kind_subresource node_subresources[] = {
    {.name = "status", .kind = "Node", .verbs = READ_WRITE}, {0}};
static const struct kind_field node_fields[] = {{.label = "spec.unschedulable", .absent = "false"},
                                                {0}};
const struct kind kind_node = {.kind = "Node",
                               .group = "",
                               .version = "v1",
                               .plural = "nodes",
                               .resource = "nodes",
                               .singular = "node",
                               .short_names = node_short,
                               .verbs = KIND_VERBS_ALL,
                               .subresources = node_subresources,
                               .fields = node_fields};

const struct kind kind_lease = {.kind = "Lease",
                                .group = "coordination.k8s.io",
                                .version = "v1",
                                .plural = "leases",
                                .resource = "leases.coordination.k8s.io",
                                .namespaced = true,
                                .is_finished = always,
                                .singular = "lease",
                                .verbs = KIND_VERBS_ALL,
                                .subresources = no_status};

/* Reviews: answered from who asks, never stored. */

const struct kind kind_self_subject_review = {.kind = "SelfSubjectReview",
                                              .group = "authentication.k8s.io",
                                              .version = "v1",
                                              .plural = "selfsubjectreviews",
                                              .resource =
                                                  "selfsubjectreviews.authentication.k8s.io",
                                              .singular = "selfsubjectreview",
                                              .verbs = KIND_CREATE,
                                              .virtual = true};
const struct kind kind_token_review = {.kind = "TokenReview",
                                       .group = "authentication.k8s.io",
                                       .version = "v1",
                                       .plural = "tokenreviews",
                                       .resource = "tokenreviews.authentication.k8s.io",
                                       .singular = "tokenreview",
                                       .verbs = KIND_CREATE,
                                       .virtual = true};
const struct kind kind_local_subject_access_review = {
    .kind = "LocalSubjectAccessReview",
    .group = "authorization.k8s.io",
    .version = "v1",
    .plural = "localsubjectaccessreviews",
    .resource = "localsubjectaccessreviews.authorization.k8s.io",
    .namespaced = true,
    .singular = "localsubjectaccessreview",
    .verbs = KIND_CREATE,
    .virtual = true};
const struct kind kind_self_subject_access_review = {
    .kind = "SelfSubjectAccessReview",
    .group = "authorization.k8s.io",
    .version = "v1",
    .plural = "selfsubjectaccessreviews",
    .resource = "selfsubjectaccessreviews.authorization.k8s.io",
    .singular = "selfsubjectaccessreview",
    .verbs = KIND_CREATE,
    .virtual = true};
const struct kind kind_self_subject_rules_review = {
    .kind = "SelfSubjectRulesReview",
    .group = "authorization.k8s.io",
    .version = "v1",
    .plural = "selfsubjectrulesreviews",
    .resource = "selfsubjectrulesreviews.authorization.k8s.io",
    .singular = "selfsubjectrulesreview",
    .verbs = KIND_CREATE,
    .virtual = true};
const struct kind kind_subject_access_review = {.kind = "SubjectAccessReview",
                                                .group = "authorization.k8s.io",
                                                .version = "v1",
                                                .plural = "subjectaccessreviews",
                                                .resource =
                                                    "subjectaccessreviews.authorization.k8s.io",
                                                .singular = "subjectaccessreview",
                                                .verbs = KIND_CREATE,
                                                .virtual = true};

/* Argo Workflows.  Its published definitions declare no status subresource. */

static const char *const workflow_short[] = {"wf", NULL};
const struct kind kind_workflow = {.kind = "Workflow",
                                   .group = "argoproj.io",
                                   .version = "v1alpha1",
                                   .plural = "workflows",
                                   .resource = "workflows.argoproj.io",
                                   .namespaced = true,
                                   .counts_generation = true,
                                   .is_finished = workflow_is_over,
                                   .singular = "workflow",
                                   .short_names = workflow_short,
                                   .verbs = KIND_VERBS_ALL,
                                   .subresources = no_status,
                                   .custom = true};

static const char *const workflow_template_short[] = {"wftmpl", NULL};
const struct kind kind_workflow_template = {.kind = "WorkflowTemplate",
                                            .group = "argoproj.io",
                                            .version = "v1alpha1",
                                            .plural = "workflowtemplates",
                                            .resource = "workflowtemplates.argoproj.io",
                                            .namespaced = true,
                                            .counts_generation = true,
                                            .is_finished = always,
                                            .singular = "workflowtemplate",
                                            .short_names = workflow_template_short,
                                            .verbs = KIND_VERBS_ALL,
                                            .subresources = no_status,
                                            .custom = true};

static const char *const cluster_workflow_template_short[] = {"clusterwftmpl", "cwft", NULL};
const struct kind kind_cluster_workflow_template = {.kind = "ClusterWorkflowTemplate",
                                                    .group = "argoproj.io",
                                                    .version = "v1alpha1",
                                                    .plural = "clusterworkflowtemplates",
                                                    .resource =
                                                        "clusterworkflowtemplates.argoproj.io",
                                                    .counts_generation = true,
                                                    .is_finished = always,
                                                    .singular = "clusterworkflowtemplate",
                                                    .short_names = cluster_workflow_template_short,
                                                    .verbs = KIND_VERBS_ALL,
                                                    .subresources = no_status,
                                                    .custom = true};

static const char *const cron_workflow_short[] = {"cwf", "cronwf", NULL};
const struct kind kind_cron_workflow = {.kind = "CronWorkflow",
                                        .group = "argoproj.io",
                                        .version = "v1alpha1",
                                        .plural = "cronworkflows",
                                        .resource = "cronworkflows.argoproj.io",
                                        .namespaced = true,
                                        .counts_generation = true,
                                        .singular = "cronworkflow",
                                        .short_names = cron_workflow_short,
                                        .verbs = KIND_VERBS_ALL,
                                        .subresources = no_status,
                                        .custom = true};

const struct kind *const kinds_builtin[] = {
    &kind_pod,
    &kind_config_map,
    &kind_secret,
    &kind_service,
    &kind_endpoints,
    &kind_namespace,
    &kind_event,
    &kind_pvc,
    &kind_service_account,
    &kind_node,
    &kind_lease,
    &kind_event_face,
    &kind_self_subject_review,
    &kind_token_review,
    &kind_local_subject_access_review,
    &kind_self_subject_access_review,
    &kind_self_subject_rules_review,
    &kind_subject_access_review,
    &kind_workflow,
    &kind_workflow_template,
    &kind_cluster_workflow_template,
    &kind_cron_workflow,
    NULL,
};
