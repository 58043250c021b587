#include "api/kind.h"

#include <stdio.h>
#include <string.h>

#include "api/claim.h"
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

static const char *const event_fields[] = {"involvedObject.uid", NULL};
static const char *const secret_fields[] = {"type", NULL};

const struct kind kind_pod = {.kind = "Pod",
                              .group = "",
                              .version = "v1",
                              .plural = "pods",
                              .resource = "pods",
                              .namespaced = true,
                              .graceful = true,
                              .is_finished = pod_is_over};
const struct kind kind_config_map = {.kind = "ConfigMap",
                                     .group = "",
                                     .version = "v1",
                                     .plural = "configmaps",
                                     .resource = "configmaps",
                                     .namespaced = true,
                                     .is_finished = always};
const struct kind kind_secret = {.kind = "Secret",
                                 .group = "",
                                 .version = "v1",
                                 .plural = "secrets",
                                 .resource = "secrets",
                                 .namespaced = true,
                                 .is_finished = always,
                                 .indexed = secret_fields};
const struct kind kind_service = {.kind = "Service",
                                  .group = "",
                                  .version = "v1",
                                  .plural = "services",
                                  .resource = "services",
                                  .namespaced = true,
                                  .name_rule = KIND_NAME_LABEL1035};
const struct kind kind_namespace = {.kind = "Namespace",
                                    .group = "",
                                    .version = "v1",
                                    .plural = "namespaces",
                                    .resource = "namespaces",
                                    .name_rule = KIND_NAME_LABEL};
const struct kind kind_event = {.kind = "Event",
                                .group = "",
                                .version = "v1",
                                .plural = "events",
                                .resource = "events",
                                .namespaced = true,
                                .is_finished = always,
                                .indexed = event_fields};
const struct kind kind_pvc = {.kind = "PersistentVolumeClaim",
                              .group = "",
                              .version = "v1",
                              .plural = "persistentvolumeclaims",
                              .resource = "persistentvolumeclaims",
                              .namespaced = true,
                              .check = claim_check};
const struct kind kind_workflow = {.kind = "Workflow",
                                   .group = "argoproj.io",
                                   .version = "v1alpha1",
                                   .plural = "workflows",
                                   .resource = "workflows.argoproj.io",
                                   .namespaced = true,
                                   .counts_generation = true,
                                   .is_finished = workflow_is_over};
const struct kind kind_workflow_template = {.kind = "WorkflowTemplate",
                                            .group = "argoproj.io",
                                            .version = "v1alpha1",
                                            .plural = "workflowtemplates",
                                            .resource = "workflowtemplates.argoproj.io",
                                            .namespaced = true,
                                            .counts_generation = true,
                                            .is_finished = always};
const struct kind kind_cluster_workflow_template = {.kind = "ClusterWorkflowTemplate",
                                                    .group = "argoproj.io",
                                                    .version = "v1alpha1",
                                                    .plural = "clusterworkflowtemplates",
                                                    .resource =
                                                        "clusterworkflowtemplates.argoproj.io",
                                                    .counts_generation = true,
                                                    .is_finished = always};
const struct kind kind_cron_workflow = {.kind = "CronWorkflow",
                                        .group = "argoproj.io",
                                        .version = "v1alpha1",
                                        .plural = "cronworkflows",
                                        .resource = "cronworkflows.argoproj.io",
                                        .namespaced = true,
                                        .counts_generation = true};

const struct kind *const kinds_builtin[] = {
    &kind_pod,
    &kind_config_map,
    &kind_secret,
    &kind_service,
    &kind_namespace,
    &kind_event,
    &kind_pvc,
    &kind_workflow,
    &kind_workflow_template,
    &kind_cluster_workflow_template,
    &kind_cron_workflow,
    NULL,
};

void
kind_api_version(const struct kind *k, char *to, size_t size)
{
    snprintf(to, size, "%s%s%s", k->group, k->group[0] != '\0' ? "/" : "", k->version);
}

const struct kind *
kind_find(const struct kind *const *table, struct str kind, struct str api_version)
{
    char text[128];

    for (; *table != NULL; table++) {
        kind_api_version(*table, text, sizeof text);
        if (str_is(kind, (*table)->kind) && (api_version.p == NULL || str_is(api_version, text)))
            return *table;
    }
    return NULL;
}

const struct kind *
kind_of_resource(const struct kind *const *table, struct str resource)
{
    for (; *table != NULL; table++) {
        if (str_is(resource, (*table)->resource))
            return *table;
    }
    return NULL;
}
