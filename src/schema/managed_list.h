/*
 * managed_list - the entries of metadata.managedFields.
 *
 * An entry is known by manager, operation and subresource, and an Update also by apiVersion.  All
 * is in the list's arena.  One thread at a time.
 */
#ifndef SCHEMA_MANAGED_LIST_H
#define SCHEMA_MANAGED_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

struct fieldset;
struct json;
struct json_build;

struct managed_entry {
    struct str manager, api_version, subresource;
    struct str time; /* RFC 3339, or STR_NULL */
    bool applied;    /* operation Apply; else Update */
    struct fieldset *set;
};

struct managed_list {
    VEC(struct managed_entry) entries;
    struct arena arena;
};

void managed_list_done(struct managed_list *l);
#define cleanup_managed_list __attribute__((cleanup(managed_list_done)))

/* Reads the array; false, and the list empty, if any entry makes no sense. */
bool managed_list_read(struct managed_list *l, const struct json *entries);
/* As metadata.managedFields, in upstream's order; nothing if there are none. */
void managed_list_write(struct managed_list *l, struct json_build *b);

/* NULL if there is none.  Valid until the next change of the list. */
struct managed_entry *managed_list_find(struct managed_list *l, const struct managed_entry *like);
/* The entry, made without fields and time if need be. */
struct managed_entry *managed_list_get(struct managed_list *l, const struct managed_entry *like);
/* Drops entries that own nothing. */
void managed_list_prune(struct managed_list *l);
/* Puts the oldest Updates beyond the tenth together, as "ancient-changes". */
void managed_list_cap(struct managed_list *l);

#endif
