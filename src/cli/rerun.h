/*
 * rerun - workflows that are over run again: `retry` goes on with the same object, `resubmit` makes
 * a new one.  `archive retry` and `archive resubmit` take the same flags.
 */
#ifndef CLI_RERUN_H
#define CLI_RERUN_H

#include "cli/option.h"
#include "cli/run_load.h"
#include "cli/workflows.h"

/* For the commands' tables. */
#define RERUN_PARAMETERS RUN_LOAD_PARAMETERS("another value for a parameter")
#define RERUN_RETRY \
    {.name = "restart-successful", .help = "retry: run again nodes that succeeded, too"}, \
    { \
        .name = "node-field-selector", .argument = "SELECTOR", \
        .help = "retry: which of them: templateName=train, displayName=a, ..." \
    }
#define RERUN_RESUBMIT \
    {.name = "memoized", .help = "resubmit: take over the results of the steps that succeeded"}, \
        WORKFLOWS_PRIORITY

/* What the flags say, as the body of the REST API's verb "retry" or "resubmit"; the caller unrefs.
 * ERR_BADREQUEST: a flag is malformed. */
int rerun_body(const struct cli *c, const char *verb, struct json_doc **ret, struct err *e);

#endif
