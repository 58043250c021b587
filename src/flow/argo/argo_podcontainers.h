/*
 * argo_podcontainers - the containers of a step's Pod: main (or a set's), sidecars, init
 * containers, each with the variables that upstream gives it.
 *
 * Pure: adds to what is being built.
 */
#ifndef FLOW_ARGO_ARGO_PODCONTAINERS_H
#define FLOW_ARGO_ARGO_PODCONTAINERS_H

struct flow_run;
struct json;
struct json_build;

/* Where a script's source is placed (argo_podio.c). */
#define ARGO_SCRIPT_PATH "/argo/staging/script"

struct argo_podcontainers {
    struct json_build *b;
    const struct flow_run *run;
    const struct json *tmpl; /* the template, filled in */
    const char *pod, *id;    /* name of the Pod; id of the node */
};

/* Adds "initContainers", if there are any, and "containers" to the spec that is open. */
void argo_podcontainers_add(struct argo_podcontainers *m);

#endif
