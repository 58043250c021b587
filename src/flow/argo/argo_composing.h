/*
 * argo_composing - what status.nodes is made of: the rows of a run, and the graph that they are.
 *
 *   argo_composing_take_run()   the run's row                 then argo_composing_prepare()
 *   argo_composing_take_node()  each node's row, by its id    then argo_graph_link()
 *   argo_composing_sum()        what each node's pods took, from the last node to the first
 *
 * After that nodes are written one by one (argo_node.h), in the order of their rows.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_COMPOSING_H
#define FLOW_ARGO_ARGO_COMPOSING_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_graph.h"

struct err;
struct node_row;
struct run_row;

struct argo_composing {
    struct argo_graph graph;
    const char *workflow; /* its name */
    struct json_doc *frozen, *state;
    struct map hashes; /* of the names so far */
    struct argo mind;  /* only what argo_template() reads */
    int64_t run;
    struct json_build b;
    size_t at;    /* the row being written */
    int64_t last; /* the id of the last row that was read */
};

void argo_composing_done(struct argo_composing *c);

/* For rows; `composing` is a struct argo_composing. */
int argo_composing_take_run(void *composing, const struct run_row *row, struct err *e);
int argo_composing_take_node(void *composing, const struct node_row *row, struct err *e);

/* Just enough of the language's memory to look templates up; borrowed from the documents. */
void argo_composing_prepare(struct argo_composing *c);
/* NULL if it does not exist. */
const struct json *argo_composing_template(struct argo_composing *c, struct str key);

/* Nodes from `end` - 1 down to `from` hand on to those that contain them what they took. */
void argo_composing_sum(struct argo_composing *c, size_t from, size_t end);

/* Upstream's id, which is a hash of the name; among many thousand nodes two may have the same, and
 * then the later one has its number behind it. */
void argo_composing_id(const struct argo_composing *c, const struct argo_vertex *v, char *to,
                       size_t size);

#endif
