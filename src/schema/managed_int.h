/*
 * managed_int - what managed.c and managed_apply.c know of a write.
 */
#ifndef SCHEMA_MANAGED_INT_H
#define SCHEMA_MANAGED_INT_H

#include "schema/fieldwalk.h"
#include "schema/managed.h"
#include "schema/managed_list.h"
#include "schema/typeshape.h"

struct fieldset;

/* One write being worked on. */
struct managed {
    const struct managed_write *write;
    struct typeshape shape;
    struct managed_list list;
    struct managed_entry self; /* without fields: what the writer's entry is like */
    struct arena *arena;       /* the list's */
};

/* End it with managed_list_done(). */
void managed_begin(struct managed *m, const struct managed_write *w, bool applied);

/* The set without what the server sets by itself, which is nobody's. */
struct fieldset *managed_strip(struct arena *a, const struct fieldset *s);
/* The set without the part of the object that a write through this endpoint cannot change. */
struct fieldset *managed_without_reset(struct managed *m, const struct fieldset *s);
/* What changes between two objects, as far as the endpoint can change it. */
struct fieldwalk_change managed_compare(struct managed *m, const struct json *before,
                                        const struct json *after);

/* What an object is before anything is known of it. */
struct json_doc *managed_blank(const struct managed_write *w);
/* The object without managedFields; and with the list's. */
struct json_doc *managed_without_entries(const struct json *object);
struct json_doc *managed_with_entries(struct managed *m, const struct json *object);

/* Takes what changed from everybody but an apply's writer. */
void managed_take_from_others(struct managed *m, const struct fieldwalk_change *change);
/* Makes the writer the owner of what changes. */
void managed_take(struct managed *m, const struct json *live, const struct json *next);

#endif
