/*
 * argo_begin - what a Workflow object means, fixed at the start of its run.
 *
 * The effective spec is the object's, over the one of the template it refers to,
 * with template defaults laid under each template.  It is frozen: later edits of
 * any object do not change a run.
 */
#ifndef FLOW_ARGO_ARGO_BEGIN_H
#define FLOW_ARGO_ARGO_BEGIN_H

#include "flow/language.h"

/* struct flow_language's begin, resume, save, forget. */
int argo_begin(struct turn *t, struct flow_run *run, const struct object *o,
               struct json_doc **frozen, struct err *e);
int argo_resume(struct turn *t, struct flow_run *run, struct json_doc *frozen,
                const struct json *state, struct err *e);
struct json_doc *argo_save(struct flow_run *run);
void argo_forget(struct flow_run *run);

#endif
