/*
 * pick - which workflows of a server a command means, by its flags and operands.
 *
 * Main thread only; calls block.
 */
#ifndef CLI_PICK_H
#define CLI_PICK_H

#include <stdbool.h>

#include "base/vec.h"
#include "cli/workflows.h"

/* For the commands' tables: the flags that pick_names() reads. */
#define PICK_SELECTORS \
    {.name = "selector", \
     .letter = 'l', \
     .argument = "SELECTOR", \
     .help = "those with these labels"}, \
    { \
        .name = "field-selector", .argument = "SELECTOR", \
        .help = "those with these fields: metadata.name=a, ..." \
    }
/* Those that pick() reads; `chunk` names the one for the size of a page. */
#define PICK_OPTIONS(chunk) \
    PICK_SELECTORS, {.name = "all-namespaces", .letter = 'A', .help = "of all namespaces"}, \
        {.name = "status", \
         .argument = "PHASES", \
         .help = "in one of these phases, separated by commas: Running,Failed"}, \
        {.name = "running", .help = "that are not over"}, \
        {.name = "completed", .help = "that are over"}, \
        {.name = "resubmitted", .help = "that were made of earlier ones with resubmit"}, \
        {.name = "prefix", .argument = "TEXT", .help = "whose names begin so"}, \
        {.name = "since", \
         .argument = "DURATION", \
         .help = "that were created in the last 30m, 2h, 1d"}, \
        {.name = "older", .argument = "DURATION", .help = "that ended longer ago than that"}, \
    { \
        .name = chunk, .argument = "NUMBER", .help = "ask the server for so many at a time" \
    }

/* Whether one of PICK_SELECTORS is given. */
bool pick_selects(const struct cli *c);

/* Appends those that the flags mean, in the order of workflows_collect(); with their nodes if
 * `nodes`. */
int pick(struct cli *c, struct serverlink *r, const char *chunk, bool nodes, workflows_list *ret,
         struct err *e);

/* Names of workflows, the caller's to free. */
typedef VEC(char *) pick_list;
void pick_list_done(pick_list *l);
/* Those that the selectors choose, then the command's operands, each once. */
int pick_names(struct cli *c, struct serverlink *r, pick_list *ret, struct err *e);

#endif
