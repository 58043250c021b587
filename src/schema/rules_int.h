/*
 * rules_int - one check of an object against its kind's rules.
 */
#ifndef SCHEMA_RULES_INT_H
#define SCHEMA_RULES_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"

struct json;
struct problems;

struct rules {
    struct problems *problems;
    struct buf path; /* of the value that is looked at */
    bool custom;     /* a custom resource: laxer in a few things */
    /* Names of the Pod's volumes that are as they should be; others cannot be mounted. */
    VEC(struct str) volumes;
};

/* Steps into a field, an item or a map's key; each returns what rules_leave() takes. */
size_t rules_enter(struct rules *r, const char *field);
size_t rules_enter_index(struct rules *r, size_t i);
size_t rules_enter_key(struct rules *r, struct str key);
void rules_leave(struct rules *r, size_t before);

/* At the path, or at a field below it. */
void rules_required(struct rules *r, const char *field, const char *detail);
void rules_invalid(struct rules *r, const char *field, const struct json *value,
                   const char *detail);
void rules_invalid_str(struct rules *r, const char *field, struct str value, const char *detail);
void rules_forbidden(struct rules *r, const char *field, const char *detail);
void rules_duplicate(struct rules *r, const char *field, struct str value);
/* A text field of v must be one of `supported` (NULL-terminated); it may be absent. */
void rules_one_of(struct rules *r, const struct json *v, const char *field,
                  const char *const *supported);
/* A text field of v against one of the names_check_...(); an empty one is left alone. */
typedef const char *rules_name_fn(struct str name);
void rules_named(struct rules *r, const struct json *v, const char *field, rules_name_fn *check);
/* The same, but it must not be empty. */
void rules_must_be_named(struct rules *r, const struct json *v, const char *field,
                         rules_name_fn *check);
/* A text field must not be empty. */
void rules_must_have(struct rules *r, const struct json *v, const char *field);
/* A number field, if it is there, must be in the range. */
void rules_in_range(struct rules *r, const struct json *v, const char *field, int64_t low,
                    int64_t high, const char *detail);
/* A text field, which may be empty, against what IANA allows for names of ports; false if it breaks
 * a rule. */
bool rules_port_name(struct rules *r, const struct json *v, const char *field);
/* A number or name of a port. */
void rules_port(struct rules *r, const struct json *v, const char *field);
#define RULES_PORT_TEXT "must be between 1 and 65535, inclusive"

/* A field that an update must not change; the path is that of the objects. */
void rules_immutable(struct rules *r, const struct json *old, const struct json *next,
                     const char *field, const char *detail);

/* Keys and values of labels: of the map at the path. */
void rules_labels(struct rules *r, const struct json *labels);
void rules_label_selector(struct rules *r, const struct json *selector);
/* An amount of a resource at the path. */
void rules_amount(struct rules *r, const struct json *amount);

/* A kind's own rules: `old` is NULL for a new object. */
typedef void rules_fn(struct rules *r, const struct json *old, const struct json *object);
/* rules_pod.c, rules_service.c, rules_claim.c, rules_plain.c */
rules_fn rules_of_pod, rules_of_service, rules_of_claim, rules_of_config_map, rules_of_secret,
    rules_of_namespace, rules_of_lease, rules_of_node, rules_of_event;

/* rules_meta.c: metadata of a new object, and what an update of it must not change. */
void rules_of_meta(struct rules *r, const struct json *meta, bool namespaced,
                   const char *(*name)(struct str name, bool prefix));
/* `general`: what counts for every kind. */
void rules_of_meta_update(struct rules *r, const struct json *old, const struct json *next,
                          bool general);
/* rules_container.c: containers of the list at the path, after the volumes. */
void rules_containers(struct rules *r, const struct json *list, const struct json *spec, bool init);
/* rules_volume.c */
void rules_volumes(struct rules *r, const struct json *volumes);
void rules_volume_mounts(struct rules *r, const struct json *mounts);

#endif
