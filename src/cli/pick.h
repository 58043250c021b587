/*
 * pick - which workflows of a server a command means, by the flags that `list` and `delete` share.
 *
 * Main thread only; calls block.
 */
#ifndef CLI_PICK_H
#define CLI_PICK_H

#include "cli/workflows.h"

/* For the commands' tables. */
#define PICK_OPTIONS \
    {.name = "all-namespaces", .letter = 'A', .help = "of all namespaces"}, \
        {.name = "selector", .letter = 'l', .argument = "SELECTOR", .help = "with these labels"}, \
        {.name = "status", \
         .argument = "PHASES", \
         .help = "in one of these phases, separated by commas: Running,Failed"}, \
        {.name = "running", .help = "that are not over"}, \
        {.name = "completed", .help = "that are over"}, \
        {.name = "prefix", .argument = "TEXT", .help = "whose names begin so"}, \
        {.name = "since", \
         .argument = "DURATION", \
         .help = "that ended in the last 30m, 2h, 1d, or go on"}, \
    { \
        .name = "older", .argument = "DURATION", .help = "that ended longer ago than that" \
    }

/* Appends those that the flags mean, in the order of workflows_collect(). */
int pick(struct cli *c, struct serverlink *r, workflows_list *ret, struct err *e);

#endif
