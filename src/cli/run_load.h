/*
 * run_load - what `sluice run` is given: files, parameters, an entry point.
 *
 * The manifest's objects become documents ready to be created: workflows with the
 * parameters of -p and -f laid over their arguments, and everything else as it
 * stands.
 */
#ifndef CLI_RUN_LOAD_H
#define CLI_RUN_LOAD_H

#include <stddef.h>

#include "api/kind.h"
#include "base/vec.h"

struct err;
struct json_doc;
struct manifest;
struct options;

struct run_object {
    const struct kind *kind;
    struct json_doc *doc; /* owned */
};

struct run_load {
    VEC(struct run_object) others;    /* to be there before the first step */
    VEC(struct run_object) workflows; /* to be run */
};

void run_load_done(struct run_load *l);

/* Reads flags -p, -f, --entrypoint and the manifest's objects.  ERR_BADREQUEST: a flag is wrong;
 * other errors are the files'. */
int run_load(const struct options *options, const struct manifest *m, struct run_load *ret,
             struct err *e);

#endif
