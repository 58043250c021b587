/*
 * run_set - the workflows of one `sluice run`: made from its files, or left by an earlier process.
 *
 * Loop thread; making and finding happen in a turn of the core.
 */
#ifndef CLI_RUN_SET_H
#define CLI_RUN_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

struct err;
struct object;
struct objects;
struct run_load;
struct turn;

struct run_workflow {
    char *uid;
    bool over, good;
};

struct run_set {
    VEC(struct run_workflow) workflows;
};

/* NULL: it is not of this run. */
struct run_workflow *run_set_find(struct run_set *s, struct str uid);
struct run_workflow *run_set_add(struct run_set *s, const struct object *workflow);
bool run_set_is_over(const struct run_set *s);

/* Creates what was loaded; whatever is no workflow may be there and is replaced then. */
int run_set_create(struct run_set *s, struct objects *os, struct turn *t,
                   const struct run_load *load, struct err *e);
/* Every workflow that is not over. */
int run_set_find_left(struct run_set *s, struct objects *os, struct turn *t, struct err *e);
void run_set_done(struct run_set *s);

#endif
