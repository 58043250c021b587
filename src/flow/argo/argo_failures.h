/*
 * argo_failures - workflow.failures: what went wrong, for exit handlers.
 *
 * All nodes that ended Failed or Error, groups and retries too, as upstream lists them.
 */
#ifndef FLOW_ARGO_ARGO_FAILURES_H
#define FLOW_ARGO_ARGO_FAILURES_H

struct buf;
struct err;
struct flow_run;
struct turn;

/* Appends a JSON list (null when nothing failed) once more as a JSON string with its quotes, so
 * that it stays one word where people put it into a shell's command line.  A workflow none of whose
 * texts asks for it, or that has no exit handler, gets "null". */
int argo_failures_text(struct turn *t, struct flow_run *run, struct buf *to, struct err *e);

#endif
