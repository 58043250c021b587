/*
 * treenode - the nodes of a workflow as a forest: who hangs below whom, in which order.
 *
 * The first half of drawing a tree (see cli/tree.h for the rules); knows nothing of text.  All
 * values are borrowed from the workflow.  Pure, one thread at a time.
 */
#ifndef CLI_TREENODE_H
#define CLI_TREENODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

struct json;
struct selector;

/* What a node is for the drawing. */
enum treenode_role {
    TREENODE_HIDDEN,
    TREENODE_LEAF,
    TREENODE_BOUNDARY, /* encloses the nodes whose boundaryID is its id */
    TREENODE_GROUP,    /* holds the nodes that it lists as children */
};

struct treenode {
    const struct json *json;
    struct str name, type, phase; /* the name is the one for display */
    enum treenode_role role;
    int64_t start_s;                 /* since 1970; 0: not started */
    int64_t index;                   /* in a loop; -1: in none */
    struct treenode *holder;         /* the group that lists it */
    VEC(struct treenode *) children; /* in order */
    bool drawn;                      /* for whoever walks: malformed input may have cycles */
};

struct treenode_forest {
    struct treenode *nodes;
    size_t n;
    struct map by_id;
};
#define TREENODE_FOREST_INIT ((struct treenode_forest){.by_id = MAP_INIT})
void treenode_forest_done(struct treenode_forest *f);
#define cleanup_treenode_forest __attribute__((cleanup(treenode_forest_done)))

/* Reads `status.nodes` into an empty forest. */
void treenode_forest_read(struct treenode_forest *f, const struct json *nodes);
/* The node, if it has a row and hangs below none; else NULL. */
struct treenode *treenode_root(const struct treenode_forest *f, struct str id);

/* Whether a field selector chooses the node: by displayName, templateName, templateRef.name,
 * templateRef.template, phase, name, id, inputs.parameters.NAME.value. */
bool treenode_shows(const struct selector *s, const struct json *node);

/* The text, or the moment in microseconds (0 if it is none), of a field. */
struct str treenode_text(const struct json *object, const char *key);
int64_t treenode_time(const struct json *object, const char *key);

#endif
