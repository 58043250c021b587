/*
 * workflowtable - many workflows as a command prints them: the table of `argo list`, or a form of
 * -o.
 *
 * The command has the flags --output, --all-namespaces (a column more) and --no-headers.  Main
 * thread only; nothing fails.
 */
#ifndef CLI_WORKFLOWTABLE_H
#define CLI_WORKFLOWTABLE_H

#include "cli/workflowprint.h"
#include "cli/workflows.h"

struct cli;

void workflowtable_print(struct cli *c, const workflows_list *l, enum workflowprint_form form);

#endif
