/*
 * kind - the facts about each kind of object that the store-backed verbs need.
 *
 * A kind is a row.  Modules pass theirs to objects_new(); kinds_builtin[] has those that the
 * platform itself serves.  `resource` ("workflows.argoproj.io", "pods") identifies a kind
 * everywhere: in the database, in messages to people, in controllers' rows.
 */
#ifndef API_KIND_H
#define API_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct json;

enum kind_name_rule {
    KIND_NAME_SUBDOMAIN, /* DNS-1123 subdomain, 253 characters */
    KIND_NAME_LABEL,     /* DNS-1123 label, 63 */
    KIND_NAME_LABEL1035, /* DNS-1035 label, 63: begins with a letter (Service) */
};

struct kind {
    const char *kind;     /* "Workflow" */
    const char *group;    /* "argoproj.io"; "" is the core group */
    const char *version;  /* "v1alpha1" */
    const char *plural;   /* "workflows" */
    const char *resource; /* "workflows.argoproj.io": plural, and the group if there is one */
    bool namespaced;
    enum kind_name_rule name_rule;
    /* A deletion only sets deletionTimestamp, and the kind's controller removes the object when it
     * has stopped what runs (Pod).  A finished object goes at once. */
    bool graceful;
    /* metadata.generation counts changes of spec. */
    bool counts_generation;
    /* Needs no further attention: may leave the memory.  NULL: never (a CronWorkflow). */
    bool (*is_finished)(const struct json *object);
    /* What the kind asks of an object beyond its metadata: ERR_INVALID with "field: what is wrong".
     * NULL: nothing. */
    int (*check)(const struct json *object, struct err *e);
    /* Dotted paths of the fields that have an index (field selectors); NULL-terminated, or NULL. */
    const char *const *indexed;
};

extern const struct kind kind_pod, kind_config_map, kind_secret, kind_service, kind_namespace,
    kind_event, kind_pvc, kind_workflow, kind_workflow_template, kind_cluster_workflow_template,
    kind_cron_workflow;

/* The above, NULL-terminated. */
extern const struct kind *const kinds_builtin[];

/* By kind and apiVersion as a manifest names them ("Workflow", "argoproj.io/v1alpha1"), within a
 * NULL-terminated table; NULL if there is none.  With api_version STR_NULL the kind's name alone.
 */
const struct kind *kind_find(const struct kind *const *table, struct str kind,
                             struct str api_version);
const struct kind *kind_of_resource(const struct kind *const *table, struct str resource);
/* "argoproj.io/v1alpha1", "v1". */
void kind_api_version(const struct kind *k, char *to, size_t size);

#endif
