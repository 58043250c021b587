/*
 * argo_scope - which names a text may use, and their values.
 *
 * Layers: workflow.* below; the enclosing template's inputs and the outputs of
 * its steps or tasks above; a loop's item on top.  Outputs of siblings are read
 * when a name asks for them, so that a step with two arguments costs two
 * look-ups, however large its workflow.
 *
 * A scope lives on the caller's stack for one node's opening or folding.
 */
#ifndef FLOW_ARGO_ARGO_SCOPE_H
#define FLOW_ARGO_ARGO_SCOPE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"
#include "data/expr_vars.h"
#include "data/tag.h"

struct argo;
struct flow_node;
struct flow_run;
struct json;
struct json_doc;
struct turn;

/* A sibling whose values are in the scope: its artifacts, and whether it was skipped. */
struct argo_sibling {
    char *name;  /* "tasks.a" */
    bool known;  /* it ended, or runs */
    bool absent; /* it was skipped or omitted: its outputs are not there */
    struct json_doc *outputs;
};

struct argo_scope {
    struct turn *turn;
    struct flow_run *run;
    struct flow_node *boundary; /* whose template the text stands in; NULL at the top */
    struct expr_vars vars;
    VEC(struct argo_sibling) siblings;
    const char *prefix; /* "steps", "tasks", or NULL */
    bool strict;        /* while a text is filled in of which every name must be known */
    bool lax;           /* unknown names stay in every text (a hook's arguments) */
    struct err error;   /* of the store, while a look-up ran; code 0 or ERR_NOTFOUND: none */
};

/* Names of the text in `boundary`'s template. */
void argo_scope_init(struct argo_scope *s, struct turn *t, struct flow_run *run,
                     struct flow_node *boundary);
void argo_scope_done(struct argo_scope *s);
#define ARGO_SCOPE_INIT ((struct argo_scope){.turn = NULL})
#define cleanup_argo_scope __attribute__((cleanup(argo_scope_done)))

/* A loop's item: item, item.field. */
void argo_scope_add_item(struct argo_scope *s, const struct json *item);
/* inputs.parameters.*, inputs.parameters, inputs.artifacts.*.path of a node with these inputs. */
void argo_scope_add_inputs(struct argo_scope *s, const struct json *inputs);

/* Strict options: every name of workflow, inputs, steps, tasks and item must be known. */
struct tag_options argo_scope_options(struct argo_scope *s, struct expr_env *env);
/* One text, settled.  The caller frees *ret. */
int argo_scope_text(struct argo_scope *s, struct str text, char **ret, struct err *e);
/* A tree. */
int argo_scope_json(struct argo_scope *s, const struct json *in, struct json_doc **ret,
                    struct err *e);
/* The value of a bare expression (valueFrom.expression, fromExpression), as text.  Only what it
 * really asks for must be there: the branch that is not taken may name a step that was skipped. */
int argo_scope_expression(struct argo_scope *s, struct str expression, char **ret, struct err *e);
/* A text that may still have unknown names. */
int argo_scope_text_lax(struct argo_scope *s, struct str text, char **ret, struct err *e);
int argo_scope_json_lax(struct argo_scope *s, const struct json *in, struct json_doc **ret,
                        struct err *e);

/* The artifact of that name in a list; NULL: none. */
const struct json *argo_artifact_named(const struct json *artifacts, struct str name);
/* The name is an output of a sibling that was skipped, and has no default. */
bool argo_scope_is_absent(struct argo_scope *s, struct str name);
/* The artifact that "tasks.a.outputs.artifacts.x" or "inputs.artifacts.x" names; borrowed from the
 * scope.  NULL: none. */
const struct json *argo_scope_artifact(struct argo_scope *s, struct str name);

#endif
