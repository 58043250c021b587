/*
 * argo_child - names and places of children, and who waits for whom.
 */
#ifndef FLOW_ARGO_ARGO_CHILD_H
#define FLOW_ARGO_ARGO_CHILD_H

#include <stdbool.h>

#include "flow/language.h"

struct argo_scope;
struct json;

/* struct flow_language's root, depend, child, closes. */
int argo_root(struct turn *t, struct flow_run *run, struct flow_child *c, struct err *e);
int argo_depend(struct turn *t, struct flow_node *group, struct err *e);
int argo_child(struct turn *t, struct flow_node *parent, int64_t index, struct flow_child *c,
               struct err *e);
bool argo_closes(struct flow_node *parent, const struct flow_node *child);

/* Whether the tasks that this DAG task depends on ended as it asks. */
int argo_child_depends(struct turn *t, struct flow_node *task, const struct json *call, bool *ret,
                       struct err *e);
/* What a hook's arguments may name besides its boundary's names: the outputs of its owner. */
void argo_child_add_hook_names(struct argo_scope *s, const struct flow_node *hook);

#endif
