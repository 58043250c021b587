/*
 * workflowdefaults - the file that the setting workflow_defaults names.
 *
 * Main thread only.
 */
#ifndef CLI_WORKFLOWDEFAULTS_H
#define CLI_WORKFLOWDEFAULTS_H

struct err;
struct json_doc;
struct settings;

/* *ret stays NULL without a file; else the caller unrefs.  ERR_INVALID with the place: it is no
 * Workflow, or has fields that no Workflow has. */
int workflowdefaults_load(const struct settings *s, struct json_doc **ret, struct err *e);

#endif
