/*
 * merge_tree - a JSON value that can be changed, for JSON patches.
 *
 * Documents are immutable, and a patch is up to thousands of small changes: rebuilding the document
 * for each would take the product of both sizes.  So a patch works on a tree that is unfolded only
 * where a change passes: a node either stands for a value of some document as it is, or has
 * children.
 *
 * A few bytes of patch can ask for much ("copy" doubles, "test" compares everything), so all work
 * is paid from one budget, and ERR_TOOLARGE says when it is used up.
 *
 * Everything lives in the tree's arena; the documents must outlive it.  One thread.
 */
#ifndef SCHEMA_MERGE_TREE_H
#define SCHEMA_MERGE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct err;
struct json;
struct json_build;

struct merge_child {
    struct str key; /* of objects */
    struct merge_node *node;
};

struct merge_node {
    const struct json *value; /* stands for this, unless unfolded */
    bool unfolded, array;
    struct merge_child *children;
    size_t n, cap;
};

struct merge_tree {
    struct arena arena;
    struct merge_node *root;
    size_t work; /* what is left of the budget */
    struct err *e;
};

int merge_tree_pay(struct merge_tree *p, size_t work);
/* A node that stands for a value. */
struct merge_node *merge_tree_node(struct merge_tree *p, const struct json *value);
/* Whether it is an object or array. */
bool merge_tree_folds(const struct merge_node *n);
/* Gives an object or array children of its own. */
int merge_tree_unfold(struct merge_tree *p, struct merge_node *n);
void merge_tree_insert(struct merge_tree *p, struct merge_node *n, size_t at,
                       struct merge_child child);
void merge_tree_remove(struct merge_node *n, size_t at);
/* A copy that can be changed alone, or NULL with the tree's error set; `depth` is 0. */
struct merge_node *merge_tree_clone(struct merge_tree *p, const struct merge_node *from,
                                    unsigned depth);
/* Adds the value; `depth` is 0.  ERR_TOOLARGE if it has become too deep. */
int merge_tree_write(struct merge_tree *p, struct json_build *b, const struct merge_node *n,
                     unsigned depth);

#endif
