/*
 * argo_graph - the edges between a run's nodes, as upstream draws them.
 *
 * A node's `children` are those that come next, not those it contains: a group
 * leads to its first tasks, the last leaves of a task to whatever depends on it.
 * Nodes that upstream does not know (a loop of steps) are looked through.
 *
 * Pure; works on light records, one for each row.
 */
#ifndef FLOW_ARGO_ARGO_GRAPH_H
#define FLOW_ARGO_ARGO_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "flow/argo/argo_usage.h"

struct json;

typedef VEC(uint32_t) argo_links; /* positions in the graph's nodes */

struct argo_vertex {
    int64_t id, parent, index;
    int kind, phase;
    unsigned flags;
    char *name, *key, *type, *template_of;
    bool shown, released;
    bool twin;            /* another node's name has the same hash: the id needs more */
    argo_links contained; /* in order of index, then id */
    argo_links hooks;
    argo_links next;     /* the edges */
    argo_links outbound; /* the nodes by which it is left */
    bool outbound_known;
    struct argo_usage usage; /* of its pod, or of all below it */
};

/* The template of a key, or NULL. */
typedef const struct json *argo_graph_template_fn(void *arg, struct str key);

struct argo_graph {
    VEC(struct argo_vertex) nodes; /* in order of id */
    struct map by_id;              /* id -> position + 1 */
    struct map by_place;           /* "<parent id>/<key>" -> position + 1 */
    argo_graph_template_fn *template_of;
    void *arg;
};

void argo_graph_done(struct argo_graph *g);
/* Fills contained, next and outbound of all nodes. */
void argo_graph_link(struct argo_graph *g);
/* The same in two passes of pieces: nodes [from, end), first all of the one, then of the other. */
void argo_graph_contain_some(struct argo_graph *g, size_t from, size_t end);
void argo_graph_link_some(struct argo_graph *g, size_t from, size_t end);
/* The vertex of the DAG or steps node around this one; NULL at the top. */
const struct argo_vertex *argo_graph_boundary(const struct argo_graph *g,
                                              const struct argo_vertex *v);

#endif
