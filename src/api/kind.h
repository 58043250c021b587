/*
 * kind - the facts about each kind of object that the store-backed verbs need.
 *
 * A kind is a row.  Modules pass theirs to objects_new(); kinds_builtin[] has those that the
 * platform itself serves (kind_rows.c).  A table may grow while the server runs, and any thread may
 * read it meanwhile.  `resource` ("workflows.argoproj.io", "pods") identifies a kind
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

/* What the API lets clients do with a kind, or with a subresource of one. */
enum kind_verb {
    KIND_CREATE = 1 << 0,
    KIND_DELETE = 1 << 1,
    KIND_DELETECOLLECTION = 1 << 2,
    KIND_GET = 1 << 3,
    KIND_LIST = 1 << 4,
    KIND_PATCH = 1 << 5,
    KIND_UPDATE = 1 << 6,
    KIND_WATCH = 1 << 7,
};
#define KIND_VERBS_ALL 0xff
/* The name of one verb ("deletecollection"), as discovery and rights spell it. */
const char *kind_verb_name(enum kind_verb verb);

struct kind_subresource {
    const char *name;            /* "status" */
    const char *kind;            /* of what it takes and gives: "Pod", "TokenRequest" */
    const char *group, *version; /* of that kind; NULL: as the kind around it */
    unsigned verbs;
};

/* A field selector that a kind supports beyond metadata.name and metadata.namespace. */
struct kind_field {
    const char *label;  /* "source" */
    const char *path;   /* "source.component"; NULL: the label itself */
    const char *absent; /* what an absent field counts as; NULL: "" */
};

/* A field that a face calls by another name (api/kindface.h). */
struct kind_rename {
    const char *stored, *shown;
};

struct kind {
    const char *kind;     /* "Workflow" */
    const char *group;    /* "argoproj.io"; "" is the core group */
    const char *version;  /* "v1alpha1" */
    const char *plural;   /* "workflows" */
    const char *resource; /* "workflows.argoproj.io": plural, and the group if there is one */
    bool namespaced;
    /* A deletion only sets deletionTimestamp, and the kind's controller removes the object when it
     * has stopped what runs (Pod).  A finished object goes at once. */
    bool graceful;
    /* It goes only when spec.finalizers is empty; until then status.phase is Terminating
     * (Namespace).
     */
    bool lingers;
    /* A deletion answers with the object, not with a Status. */
    bool gives_deleted;
    /* metadata.generation counts changes of spec. */
    bool counts_generation;
    /* Needs no further attention: may leave the memory.  NULL: never (a CronWorkflow). */
    bool (*is_finished)(const struct json *object);
    /* Objects that the platform makes are held to all of the kind's rules, too, not only to those
     * of their metadata: people wrote what is in them. */
    bool checked;
    /* Dotted paths of the fields that have an index (field selectors); NULL-terminated, or NULL. */
    const char *const *indexed;

    /* How the API shows it.  NULL and 0 stand for nothing. */
    const char *singular;
    const char *const *short_names, *const *categories; /* NULL-terminated */
    unsigned verbs;                                     /* enum kind_verb; 0: not served */
    const struct kind_subresource *subresources;        /* ended by one without name */
    const struct kind_field *fields;                    /* ended by one without label */
    /* A custom resource: no strategic merge, and an update must say resourceVersion. */
    bool custom;
    /* Answered, never stored (reviews). */
    bool virtual;
    /* Its objects are those of another kind, with other names of some fields (api/kindface.h);
     * NULL: it has its own. */
    const struct kind *face_of;
    const struct kind_rename *renames; /* ended by one without names */
};

extern const struct kind kind_pod, kind_config_map, kind_secret, kind_service, kind_namespace,
    kind_event, kind_event_face, kind_pvc, kind_service_account, kind_endpoints, kind_node,
    kind_lease, kind_workflow, kind_workflow_template, kind_cluster_workflow_template,
    kind_cron_workflow;
/* Reviews: what a caller is, and may do. */
extern const struct kind kind_self_subject_review, kind_token_review,
    kind_self_subject_access_review, kind_self_subject_rules_review, kind_subject_access_review,
    kind_local_subject_access_review;

/* The above, NULL-terminated. */
extern const struct kind *const kinds_builtin[];

/* By kind and apiVersion as a manifest names them ("Workflow", "argoproj.io/v1alpha1"), within a
 * NULL-terminated table; NULL if there is none.  With api_version STR_NULL the kind's name alone.
 */
const struct kind *kind_find(const struct kind *const *table, struct str kind,
                             struct str api_version);
const struct kind *kind_of_resource(const struct kind *const *table, struct str resource);
/* By what a URL names: "argoproj.io", "v1alpha1", "workflows". */
const struct kind *kind_of_path(const struct kind *const *table, struct str group,
                                struct str version, struct str plural);
/* The kind whose objects they are: k, unless it is a face of another. */
const struct kind *kind_stored(const struct kind *k);
/* The subresource of that name, or NULL. */
const struct kind_subresource *kind_subresource(const struct kind *k, struct str name);
/* Row i, or NULL behind the last: safe while another thread adds rows. */
const struct kind *kind_at(const struct kind *const *table, size_t i);

/* A table that grows while others read it: rows are added behind the last and stay for ever. */
enum { KINDS_MAX = 512 };
struct kind_table {
    const struct kind *rows[KINDS_MAX + 1];
    size_t n;
};
/* Begins with the built-in rows. */
void kind_table_init(struct kind_table *t);
/* `k` must live as long as the table.  ERR_TOOMANY when it is full.  One thread. */
int kind_table_add(struct kind_table *t, const struct kind *k, struct err *e);
/* "argoproj.io/v1alpha1", "v1". */
void kind_api_version(const struct kind *k, char *to, size_t size);

#endif
