/*
 * argo_claim - volumeClaimTemplates: claims that live with the workflow.
 *
 * Each becomes a PersistentVolumeClaim <workflow>-<name>, owned by the workflow
 * and mounted under its plain name; volumeClaimGC says when it goes.
 */
#ifndef FLOW_ARGO_ARGO_CLAIM_H
#define FLOW_ARGO_ARGO_CLAIM_H

struct err;
struct flow_run;
struct json_build;
struct turn;

/* At the start.  ERR_INVALID: the API refuses one. */
int argo_claim_make(struct turn *t, struct flow_run *run, struct err *e);
/* When the run goes on after its end: those that are there no more. */
int argo_claim_again(struct turn *t, struct flow_run *run, struct err *e);
/* At the end: deletes them if the strategy says so. */
int argo_claim_end(struct turn *t, struct flow_run *run, struct err *e);
/* Adds ownerReferences with the workflow as the controller. */
void argo_claim_add_owner(struct json_build *b, const struct flow_run *run);
/* Adds a volume for each to an open array. */
void argo_claim_add_volumes(const struct flow_run *run, struct json_build *b);

#endif
