/*
 * submission - what the flags of `sluice submit` make of a workflow, or ask of the server.
 *
 * Documents that are returned are the caller's to unref.  Pure but for the flags; ERR_BADREQUEST
 * says which flag is wrong.
 */
#ifndef CLI_SUBMISSION_H
#define CLI_SUBMISSION_H

#include "cli/option.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"

struct cli;
struct err;
struct json;
struct json_doc;
struct run_load;

/* For the command's table. */
#define SUBMISSION_OPTIONS \
    {.name = "from", \
     .argument = "KIND/NAME", \
     .help = "make it of workflowtemplate/NAME, clusterworkflowtemplate/NAME or cronwf/NAME"}, \
        {.name = "name", .argument = "NAME", .help = "call the workflow so"}, \
        {.name = "generate-name", .argument = "PREFIX", .help = "begin its name so"}, \
        {.name = "labels", .letter = 'l', .argument = "NAME=VALUE,...", .help = "give it labels"}, \
        {.name = "serviceaccount", .argument = "NAME", .help = "run its steps as this account"}, \
        WORKFLOWS_PRIORITY, \
        {.name = "scheduled-time", \
         .argument = "TIME", \
         .help = "what workflow.scheduledTime is in it: 2026-01-31T00:00:00Z"}, \
        {.name = "strict", \
         .argument = "BOOL", \
         .help = "true (default): unknown fields are errors; false: they are accepted"}, \
        {.name = "dry-run", .help = "only print what would be submitted"}, \
    { \
        .name = "server-dry-run", .help = "let the server check it, and create nothing" \
    }

/* Whether the flags go together. */
int submission_check(const struct cli *c, enum workflowprint_form form, struct err *e);
/* The workflow with what the flags lay over it. */
int submission_adapt(const struct cli *c, const struct json *workflow, struct json_doc **ret,
                     struct err *e);
/* The body that asks the server to make a workflow of what --from names. */
int submission_from(const struct cli *c, const struct run_load *load, struct json_doc **ret,
                    struct err *e);

#endif
