/*
 * rules_int - one check of an object against its kind's rules.
 */
#ifndef SCHEMA_RULES_INT_H
#define SCHEMA_RULES_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "data/json.h"
#include "schema/names.h"

struct problems;

struct rules {
    struct problems *problems;
    struct buf path;      /* of the value that is looked at */
    struct buf place;     /* where the last problem was */
    bool by_face;         /* rules.h */
    bool bare_finalizers; /* they need no domain, as those of custom resources */
    bool ours;            /* the platform writes: generateName was used already, and the limit of
                           * annotations is not for its own */
    const struct json *kept_annotations; /* of the stored object; NULL: there is none */
    /* Of a Pod: */
    const struct json *spec, *pod_name;
    struct map volumes; /* by name, those as they should be; others cannot be mounted */
};

/* rules_field.c */

/* Steps into a field, an item or a map's key; each returns what rules_leave() takes. */
size_t rules_enter(struct rules *r, const char *field);
size_t rules_enter_index(struct rules *r, size_t i);
size_t rules_enter_key(struct rules *r, struct str key);
void rules_leave(struct rules *r, size_t before);

/* One item of a list after another, with the path at it:
 *     RULES_EACH (r, "ports", it, json_get(spec, "ports")) check(r, it.value);
 * The list is in a field below the path or (field NULL) at the path, where it is again afterwards.
 */
struct rules_each {
    const struct json *value;
    size_t index;
    struct rules *rules_;
    struct json_each list_;
    size_t before_, at_;
};
struct rules_each rules_each_begin(struct rules *r, const char *field, const struct json *list);
bool rules_each_next(struct rules_each *it);
void rules_each_end(struct rules_each *it);
#define RULES_EACH(r, field, it, list) \
    for (__attribute__((cleanup(rules_each_end))) struct rules_each it = \
             rules_each_begin(r, field, list); \
         rules_each_next(&it);)

/* What is wrong at the path, or (field not NULL) at a field below it. */
void rules_required(struct rules *r, const char *field, const char *detail);
void rules_invalid(struct rules *r, const char *field, const struct json *value,
                   const char *detail);
void rules_invalid_str(struct rules *r, const char *field, struct str value, const char *detail);
void rules_invalid_int(struct rules *r, const char *field, int64_t value, const char *detail);
/* What is to be shown in place of the value. */
void rules_invalid_shown(struct rules *r, const char *field, const char *shown, const char *detail);
/* A whole value of a type of v1, shown as upstream's internal types are. */
void rules_invalid_type(struct rules *r, const char *field, const char *type,
                        const struct json *value, const char *detail);
void rules_forbidden(struct rules *r, const char *field, const char *detail);
void rules_duplicate(struct rules *r, const char *field, struct str value);
void rules_duplicate_shown(struct rules *r, const char *field, const char *shown,
                           const char *detail);
void rules_duplicate_type(struct rules *r, const char *field, const char *type,
                          const struct json *value, const char *detail);
void rules_not_found(struct rules *r, const char *field, struct str value, const char *detail);
void rules_too_long(struct rules *r, const char *field, size_t limit_bytes);

/* Problems unless it is one of a NULL-terminated list. */
void rules_unsupported(struct rules *r, const char *field, struct str value,
                       const char *const *supported);
/* The same of a text field of v, which may be absent, or must not. */
void rules_one_of(struct rules *r, const struct json *v, const char *field,
                  const char *const *supported);
void rules_must_be_one_of(struct rules *r, const struct json *v, const char *field,
                          const char *const *supported);
/* False, and one problem for each thing that is wrong with a name. */
bool rules_name(struct rules *r, const char *field, struct str name, enum names_rule rule);
/* One problem for all of that. */
void rules_name_joined(struct rules *r, const char *field, struct str name, enum names_rule rule);
/* A text field of v; an empty one is left alone, or must not be. */
void rules_named(struct rules *r, const struct json *v, const char *field, enum names_rule rule);
void rules_must_be_named(struct rules *r, const struct json *v, const char *field,
                         enum names_rule rule);
/* A text field must not be empty. */
void rules_must_have(struct rules *r, const struct json *v, const char *field);
/* A number field, if it is there, must be in the range. */
void rules_in_range(struct rules *r, const struct json *v, const char *field, int64_t low,
                    int64_t high, const char *detail);
/* A number or name of a port. */
void rules_port(struct rules *r, const struct json *v, const char *field);
#define RULES_PORT_TEXT "must be between 1 and 65535, inclusive"
/* An IP address. */
bool rules_is_address(struct str text);
void rules_address(struct rules *r, const char *field, struct str text);
/* Whether a text is in a NULL-terminated list, or in a list of texts. */
bool rules_is_listed(const char *const *list, struct str text);
bool rules_has_text(const struct json *list, struct str text);
/* Whether so much is wrong already that no more will be told. */
bool rules_are_over(const struct rules *r);
/* Whether the text was met before; a set, since lists are as long as a body may be. */
bool rules_meets_again(struct map *met, struct str text);
/* The same of each text of a list, or of a text field of each item: all of them become met. */
void rules_meet_texts(struct map *met, const struct json *list);
void rules_meet_all(struct map *met, const struct json *list, const char *field);
/* A field that an update must not change; the path is that of the objects. */
void rules_immutable(struct rules *r, const struct json *old, const struct json *next,
                     const char *field, const char *detail);

/* A kind's own rules: `old` is NULL for a new object. */
typedef void rules_fn(struct rules *r, const struct json *old, const struct json *object);
/* rules_pod.c, rules_service.c, rules_claim.c, rules_endpoints.c, rules_node.c,
 * rules_event.c, rules_plain.c */
rules_fn rules_of_pod, rules_of_service, rules_of_claim, rules_of_endpoints, rules_of_config_map,
    rules_of_secret, rules_of_namespace, rules_of_lease, rules_of_node, rules_of_event;

/* rules_status.c: of writes of the status. */
rules_fn rules_pod_status, rules_namespace_status;

/* rules_plain.c: who holds a Namespace. */
void rules_namespace_finalizers(struct rules *r, const struct json *list);

/* rules_meta.c: metadata of a new object, and what an update of it must not change. */
void rules_of_meta(struct rules *r, const struct json *meta, bool namespaced, enum names_rule rule);
/* `general`: what counts for every kind. */
void rules_of_meta_update(struct rules *r, const struct json *old, const struct json *next,
                          bool general);
/* One that is neither known nor has a domain. */
void rules_finalizer(struct rules *r, struct str name);
void rules_labels_and_annotations(struct rules *r, const struct json *meta);
/* rules_labels.c: keys and values of the map at the path; then a list in the field "values". */
void rules_labels(struct rules *r, const struct json *labels);
void rules_label_values(struct rules *r, const struct json *values);
void rules_label_selector(struct rules *r, const struct json *parent, const char *field);

/* rules_endpoints.c: an address that can be reached. */
void rules_endpoint_address(struct rules *r, const char *field, struct str address);
/* rules_service_ip.c: the addresses of a Service's spec, and what must not change in them. */
bool rules_is_headless(const struct json *spec);
void rules_service_ips(struct rules *r, const struct json *old, const struct json *spec);
void rules_service_ip_update(struct rules *r, const struct json *old, const struct json *spec);
/* rules_claim.c: the spec at the path. */
void rules_claim_spec(struct rules *r, const struct json *spec);

/* Parts of a Pod's spec, at the path unless they take the spec itself. */

/* rules_pod_update.c: what must not change in it. */
void rules_pod_update(struct rules *r, const struct json *old, const struct json *spec);
/* rules_volume.c, rules_source.c: volumes come before the containers. */
void rules_volumes(struct rules *r, const struct json *volumes);
void rules_volume_source(struct rules *r, const struct json *volume);
void rules_mounts(struct rules *r, const struct json *container);
/* A path below a directory; the second: which does not begin as the platform's own names do. */
void rules_inner_path(struct rules *r, const char *field, struct str path);
void rules_file_path(struct rules *r, const char *field, struct str path);
/* rules_projection.c: of a source at the path. */
void rules_trust_bundle(struct rules *r, const struct json *source);
void rules_pod_certificate(struct rules *r, const struct json *source);
/* rules_container.c */
void rules_containers(struct rules *r, const struct json *spec);
void rules_ephemeral_containers(struct rules *r, const struct json *spec);
/* rules_env.c */
void rules_env(struct rules *r, const struct json *container);
/* `supported`: the paths that are possible here. */
void rules_field_ref(struct rules *r, const struct json *ref, const char *const *supported);
void rules_resource_ref(struct rules *r, const struct json *ref, bool volume);
/* rules_probe.c: probes and hooks; there must be none, and why. */
void rules_life(struct rules *r, const struct json *container);
void rules_no_life(struct rules *r, const struct json *container, const char *why);
/* rules_resources.c */
void rules_resources(struct rules *r, const struct json *resources);
void rules_pod_resources(struct rules *r, const struct json *spec);
void rules_overhead(struct rules *r, const struct json *amounts);
/* An amount of a resource at the path. */
void rules_amount(struct rules *r, struct str resource, const struct json *amount);
/* rules_security.c; the second: what another system than the one that is named has. */
void rules_pod_security(struct rules *r, const struct json *context, const struct json *spec);
void rules_container_security(struct rules *r, const struct json *context);
void rules_system(struct rules *r, const struct json *spec);
/* rules_affinity.c */
void rules_affinity(struct rules *r, const struct json *affinity);
void rules_spread(struct rules *r, const struct json *constraints);
void rules_tolerations(struct rules *r, const struct json *list);
void rules_taint_effect(struct rules *r, const struct json *v);

#endif
