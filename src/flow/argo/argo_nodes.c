#include "flow/argo/argo_nodes.h"

#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_composing.h"
#include "flow/argo/argo_node.h"
#include "store/node_rows.h"
#include "store/run_rows.h"

static int
compose(struct argo_composing *c, struct db *db, const struct object *workflow, struct err *e)
{
    const struct json *root = object_root(workflow);

    argo_composing_prepare(c);
    if (node_rows_each(db, c->run, argo_composing_take_node, c, e) < 0)
        return e->code;
    argo_graph_link(&c->graph);
    argo_composing_sum(c, 0, c->graph.nodes.n);
    json_add_object(&c->b, NULL);
    json_add_fields(&c->b, root, (const char *const[]){"status", NULL});
    json_add_object(&c->b, "status");
    json_add_fields(&c->b, json_get(root, "status"), (const char *const[]){"nodes", NULL});
    json_add_object(&c->b, "nodes");
    if (node_rows_each(db, c->run, argo_node_add, c, e) < 0)
        return e->code;
    json_end(&c->b);
    json_end(&c->b);
    json_end(&c->b);
    return 0;
}

int
argo_nodes_compose(struct db *db, const struct object *workflow, struct json_doc **ret,
                   struct err *e)
{
    cleanup_free char *name = str_dup(object_name(workflow));
    struct argo_composing c = {.workflow = name, .b = JSON_BUILD_INIT};
    int rc = run_rows_find(db, object_uid(workflow), argo_composing_take_run, &c, e);

    if (rc == ERR_NOTFOUND) {
        *ret = json_doc_ref(object_doc(workflow));
        return 0;
    }
    if (rc >= 0)
        rc = compose(&c, db, workflow, e);
    if (rc >= 0)
        *ret = json_build_done(&c.b);
    argo_composing_done(&c);
    return rc < 0 ? rc : 0;
}

/* In pieces. */

enum piece { RUN, VERTICES, CONTAIN, LINK, USAGE, HEAD, NODES, OVER };

struct argo_nodes {
    struct argo_composing c;
    char *name;
    struct object *workflow;
    enum piece piece;
    size_t from; /* how many nodes of this pass are done */
    bool first;  /* no node is written yet */
};

/* How many of them are done in one piece. */
enum { ROWS = 250, LIGHT = 2000 };

void *
argo_nodes_begin(const struct object *workflow)
{
    struct argo_nodes *n = NEW(struct argo_nodes);

    n->workflow = object_ref(workflow);
    n->name = str_dup(object_name(workflow));
    n->c = (struct argo_composing){.workflow = n->name, .b = JSON_BUILD_INIT};
    n->first = true;
    return n;
}

void
argo_nodes_end(void *nodes)
{
    struct argo_nodes *n = nodes;

    argo_composing_done(&n->c);
    object_unref(n->workflow);
    free(n->name);
    free(n);
}

/* 1: the pass has more. */
static int
pass_some(struct argo_nodes *n, void (*some)(struct argo_composing *c, size_t from, size_t end))
{
    size_t all = n->c.graph.nodes.n, end = n->from + LIGHT < all ? n->from + LIGHT : all;

    some(&n->c, n->from, end);
    n->from = end < all ? end : 0;
    return end < all;
}

static void
contain(struct argo_composing *c, size_t from, size_t end)
{
    argo_graph_contain_some(&c->graph, from, end);
}

static void
link_nodes(struct argo_composing *c, size_t from, size_t end)
{
    argo_graph_link_some(&c->graph, from, end);
}

/* From the last to the first. */
static void
sum_from_behind(struct argo_composing *c, size_t from, size_t end)
{
    argo_composing_sum(c, c->graph.nodes.n - end, c->graph.nodes.n - from);
}

static int
begin_graph(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    int rc = run_rows_find(db, object_uid(n->workflow), argo_composing_take_run, &n->c, e);

    if (rc == ERR_NOTFOUND) {
        *e = ERR_INIT;
        buf_str(to, object_text(n->workflow));
        n->piece = NODES; /* there is nothing to add */
        return 0;
    }
    if (rc < 0)
        return rc;
    argo_composing_prepare(&n->c);
    return 0;
}

/* The text of what the builder holds, an object, without its braces. */
static void
write_fields(struct json_build *b, struct buf *to)
{
    cleanup_json struct json_doc *doc = json_build_done(b);

    json_write(to, json_root(doc));
    buf_cut(to, to->n - 1);
}

static void
write_head(struct argo_nodes *n, struct buf *to)
{
    const struct json *root = object_root(n->workflow);
    struct json_build *b = &n->c.b;

    json_add_object(b, NULL);
    json_add_fields(b, root, (const char *const[]){"status", NULL});
    json_end(b);
    write_fields(b, to);
    buf_cstr(to, ",\"status\":");
    json_add_object(b, NULL);
    json_add_fields(b, json_get(root, "status"), (const char *const[]){"nodes", NULL});
    json_end(b);
    write_fields(b, to);
    buf_cstr(to, json_count(json_get(root, "status")) > 0 ? ",\"nodes\":{" : "\"nodes\":{");
    n->c.last = 0;
}

static int
write_nodes(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    int rows;

    json_add_object(&n->c.b, NULL);
    rows = node_rows_page(db, n->c.run, n->c.last, ROWS, argo_node_add, &n->c, e);
    if (rows < 0)
        return rows;
    json_end(&n->c.b);
    write_fields(&n->c.b, &text);
    if (text.n > 1) {
        buf_cstr(to, n->first ? "" : ",");
        buf_str(to, str_slice(buf_view(&text), 1, text.n));
        n->first = false;
    }
    if (rows < ROWS)
        buf_cstr(to, "}}}");
    return rows == ROWS;
}

/* 1: this piece is not done yet. */
static int
do_piece(struct argo_nodes *n, struct db *db, struct buf *to, struct err *e)
{
    int rows;

    switch (n->piece) {
    case RUN:
        return begin_graph(n, db, to, e);
    case VERTICES:
        rows = node_rows_page(db, n->c.run, n->c.last, ROWS, argo_composing_take_node, &n->c, e);
        return rows < 0 ? rows : rows == ROWS;
    case CONTAIN:
        return pass_some(n, contain);
    case LINK:
        return pass_some(n, link_nodes);
    case USAGE:
        return pass_some(n, sum_from_behind);
    case HEAD:
        write_head(n, to);
        return 0;
    case NODES:
        return write_nodes(n, db, to, e);
    case OVER:
        break;
    }
    return 0;
}

int
argo_nodes_step(void *nodes, struct db *db, struct buf *to, struct err *e)
{
    struct argo_nodes *n = nodes;

    while (n->piece != OVER) {
        int rc = do_piece(n, db, to, e);

        if (rc < 0)
            return rc;
        if (rc == 0)
            n->piece++;
        /* A small one is done at once. */
        if (rc > 0 || (n->c.graph.nodes.n >= ROWS && n->piece != OVER))
            return 1;
    }
    return 0;
}
