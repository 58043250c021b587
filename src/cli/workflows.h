/*
 * workflows - the workflows of a server, as the commands see them.
 *
 * A name is a workflow's, or "@latest" for the one that was created last.  Documents that are
 * returned are the caller's to unref.  Errors are the server's, or those of serverlink.h.
 *
 * Main thread only; calls block.
 */
#ifndef CLI_WORKFLOWS_H
#define CLI_WORKFLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "cli/option.h"

struct buf;
struct cli;
struct err;
struct json;
struct json_build;
struct json_doc;
struct serverlink;

/* The flag --namespace, for the commands' tables. */
#define WORKFLOWS_NAMESPACE \
    { \
        .name = "namespace", .letter = 'n', .argument = "NAMESPACE", \
        .help = "where the workflows are (default: default)" \
    }
const char *workflows_namespace(const struct cli *c);

/* The flag --priority, and its value as a field of the object that is open: nothing without the
 * flag.  ERR_BADREQUEST if it is no number. */
#define WORKFLOWS_PRIORITY \
    { \
        .name = "priority", .argument = "NUMBER", .help = "higher ones start first" \
    }
int workflows_add_priority(const struct cli *c, struct json_build *b, struct err *e);

/* Appends "/apis/argoproj.io/v1alpha1/namespaces/NS/workflows[/NAME]"; ns NULL: of all namespaces;
 * name NULL: the collection. */
void workflows_path(struct buf *to, const char *ns, const char *name);

/* The flag `name` ("chunk-size"), a number of workflows; *ret is 0 without it. */
int workflows_page(const struct cli *c, const char *name, int64_t *ret, struct err *e);

/* One of them, with status.nodes. */
int workflows_get(struct serverlink *r, const char *ns, const char *name, struct json_doc **ret,
                  struct err *e);
/* All that are asked for, page by page; the newest first, those that go on before those that are
 * over, as `argo list` has it. */
struct workflows_query {
    const char *ns;     /* NULL: of all namespaces */
    const char *labels; /* a selector; NULL or "": any */
    const char *fields; /* the same of fields */
    int64_t page;       /* how many a request; 0: as seems fit */
    bool nodes;         /* with status.nodes, which costs a request for each */
};
typedef VEC(struct json_doc *) workflows_list;
void workflows_list_done(workflows_list *l);
int workflows_collect(struct serverlink *r, const struct workflows_query *q, workflows_list *ret,
                      struct err *e);
/* What a name stands for: itself, or the newest workflow.  The caller frees. */
int workflows_resolve(struct serverlink *r, const char *ns, const char *name, char **ret,
                      struct err *e);
/* The server's verb on one of them ("stop", "retry"), as Argo's REST API has it:
 * PUT /api/v1/workflows/NS/NAME/VERB.  *ret is the workflow after it. */
int workflows_act(struct serverlink *r, const char *ns, const char *name, const char *verb,
                  const struct json *body, struct json_doc **ret, struct err *e);

/* Follows one workflow: `show` is called with each new state, and in each second of silence with
 * the last one, until it returns false or the workflow is gone (then gone is called, if there is
 * one).  The watch is taken up again when it ends early. */
struct workflows_watch {
    bool (*show)(void *arg, const struct json *workflow);
    void (*gone)(void *arg);
    void *arg;
};
int workflows_watch(struct serverlink *r, const char *ns, const char *name,
                    const struct workflows_watch *w, struct err *e);

/* Shorthands. */
const char *workflow_name(const struct json *workflow);
const char *workflow_phase(const struct json *workflow); /* "Pending" for none */
bool workflow_is_over(const struct json *workflow);      /* has a finishedAt */
bool workflow_is_bad(const struct json *workflow);       /* Failed or Error */
/* status.finishedAt, status.startedAt or metadata.creationTimestamp in microseconds; 0: none. */
int64_t workflow_time(const struct json *workflow, const char *dotted);

#endif
