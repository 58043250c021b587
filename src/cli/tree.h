/*
 * tree - the nodes of a workflow, drawn the way `argo get` draws them.
 *
 *     STEP              TEMPLATE  PODNAME                  DURATION  MESSAGE
 *      ✔ diamond-x      diamond
 *      ├─✔ A            echo      diamond-x-echo-12345678  3s
 *      └─✖ B            fail      diamond-x-fail-87654321  2s        main: Error (exit code 1)
 *
 * `status.nodes` is a graph; what is drawn is containment.  A node hangs below the step group or
 * retry that lists it as a child, else below the template that encloses it (boundaryID), else it is
 * a root: the entry node, and the exit handler, which follows a blank row.  Step groups, retries
 * with one attempt, task groups and omitted tasks have no row of their own.  Siblings are ordered
 * by start, then by loop index, then by name.
 *
 * Text from outside (names, messages) reaches the terminal without control characters.
 *
 * Pure: a value in, text out; nothing fails.  Malformed nodes are left out.
 */
#ifndef CLI_TREE_H
#define CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json;
struct selector;

/* Columns of the table: those above; SHORT adds the machine of each pod (NODENAME), WIDE what a
 * node saved (ARTIFACTS) and used (RESOURCESDURATION), too. */
enum tree_columns { TREE_PLAIN, TREE_SHORT, TREE_WIDE };

/* How to draw. */
struct tree_style {
    enum tree_columns columns;
    const struct selector *nodes; /* only these have a row (treenode_shows()); NULL: all */
    bool utf8;                    /* icons and lines; else words and ASCII */
    bool colour;                  /* with escape sequences */
    int64_t now_us;               /* wall time, for the duration of what still runs */
};

/* One printed row, for those who cannot show all. */
struct tree_row {
    size_t at, n; /* in the text, without the line's end */
    bool active;  /* pending or running */
    bool bad;     /* failed or in error */
};

struct tree_rows {
    struct buf text; /* all rows, each with a newline */
    struct tree_row *at;
    size_t n;
};
#define TREE_ROWS_INIT ((struct tree_rows){.text = BUF_INIT})
void tree_rows_done(struct tree_rows *r);
#define cleanup_tree_rows __attribute__((cleanup(tree_rows_done)))

/* Appends the table with its head; nothing when the entry node is not there yet. */
void tree_write(struct buf *to, const struct json *workflow, const struct tree_style *style);

/* The same row by row; `to` must be fresh.  The first row is the head. */
void tree_draw(struct tree_rows *to, const struct json *workflow, const struct tree_style *style);

/* The icon (or word) of a node, coloured if the style says so: by its phase, or the one of a
 * suspended step that waits.  Empty for an unknown phase. */
void tree_icon(struct buf *to, const struct json *node, const struct tree_style *style);

/* The name of the pod that runs a node of type Pod: what the workflow's pod-name-format annotation
 * says, else <workflow>-<template>-<hash of the node's name>. */
void tree_pod_name(struct buf *to, const struct json *workflow, const struct json *node);

#endif
