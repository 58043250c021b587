/*
 * run_place - where a `sluice run` keeps its data: in --data, or in a temporary directory.
 *
 * A temporary one is removed by the spawner, after this process; by run_place_leave() only where
 * no spawner has taken that over.  What takes long to make outlives it, below the user's cache.
 */
#ifndef CLI_RUN_PLACE_H
#define CLI_RUN_PLACE_H

#include <stdbool.h>

struct cli;
struct err;

struct run_place {
    char *data;
    char *envs;   /* of a temporary run: outlives it, since an environment takes seconds to build */
    char *recall; /* of a temporary run: so does what was found to be possible here */
    bool temporary, keep;
};

/* What the command's flags and settings say; makes the temporary directory. */
int run_place_choose(struct run_place *p, const struct cli *c, struct err *e);
/* `taken_over`: by the spawner.  Says where what was to be kept is.  Also after a failure to
 * choose. */
void run_place_leave(struct run_place *p, const struct cli *c, bool taken_over);

#endif
