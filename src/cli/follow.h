/*
 * follow - until a workflow of the server is over: its screen, or one line at its end.
 *
 * Main thread only; calls block.  Errors are the server's; ERR_NOTFOUND too if it goes meanwhile.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdbool.h>

struct cli;
struct err;
struct serverlink;

/* Shows its screen with each change.  *ret_bad: it failed. */
int follow_screen(struct cli *c, struct serverlink *r, const char *ns, const char *name,
                  bool *ret_bad, struct err *e);
/* Prints "NAME PHASE at TIME" when it is over. */
int follow_end(struct cli *c, struct serverlink *r, const char *ns, const char *name, bool *ret_bad,
               struct err *e);
/* What --watch and --wait of the command line ask for, if anything; *ret_bad stays false
 * without them.  The command's table must have both. */
int follow_as_asked(struct cli *c, struct serverlink *r, const char *name, bool *ret_bad,
                    struct err *e);

#endif
