/*
 * follow - until workflows of the server are over: their screens, their logs, or one line at their
 * ends.
 *
 * Main thread only; calls block.  Errors are the server's; ERR_NOTFOUND too if one goes meanwhile.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdbool.h>

#include "cli/pick.h"
#include "cli/workflowprint.h"

struct cli;
struct err;
struct selector;
struct serverlink;

/* The flags that follow_as_asked() reads, for the commands' tables. */
#define FOLLOW_OPTIONS \
    {.name = "wait", .letter = 'w', .help = "wait until it is over; exit code 1 if it failed"}, \
        {.name = "watch", .help = "show it until it is over"}, \
    { \
        .name = "log", .help = "print the logs of its steps until it is over" \
    }

/* Shows its screen with each change, with the nodes that the selector chooses (NULL: all).
 * *ret_bad: it failed. */
int follow_screen(struct cli *c, struct serverlink *r, const char *ns, const char *name,
                  const struct selector *nodes, bool *ret_bad, struct err *e);
/* Prints "NAME PHASE at TIME" when it is over, unless it is to be `quiet`. */
int follow_end(struct cli *c, struct serverlink *r, const char *ns, const char *name, bool quiet,
               bool *ret_bad, struct err *e);
/* What the flags ask for, if anything, of each; *ret_bad: one of them failed and it was waited
 * for.  With `form` names or documents the end is not told. */
int follow_as_asked(struct cli *c, struct serverlink *r, const pick_list *names,
                    enum workflowprint_form form, const struct selector *nodes, bool *ret_bad,
                    struct err *e);

#endif
