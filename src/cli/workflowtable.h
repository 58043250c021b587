/*
 * workflowtable - many workflows as a command prints them: the table of `argo list`, or a form of
 * -o.
 *
 * The command has the flags --output and --no-headers.  Main thread only; nothing fails.
 */
#ifndef CLI_WORKFLOWTABLE_H
#define CLI_WORKFLOWTABLE_H

#include "cli/workflowprint.h"
#include "cli/workflows.h"

struct cli;

struct workflowtable {
    enum workflowprint_form form; /* WORKFLOWPRINT_WIDE: needs their nodes */
    bool namespaces, uids;        /* columns more */
};
void workflowtable_print(struct cli *c, const workflows_list *l, const struct workflowtable *how);

#endif
