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
struct json;
struct json_build;
struct json_doc;
struct manifest;
struct options;

struct run_object {
    const struct kind *kind;
    struct json_doc *doc; /* owned */
};

struct run_parameter {
    char *name, *value; /* owned */
};

struct run_load {
    VEC(struct run_parameter) parameters; /* of flags and files, each name once */
    VEC(struct run_object) others;        /* to be there before the first step */
    VEC(struct run_object) workflows;     /* to be run */
};

/* Rows of a command's options: the flags that run_load_parameters() reads. */
#define RUN_LOAD_PARAMETERS(what) \
    {.name = "parameter", .letter = 'p', .argument = "NAME=VALUE", .help = what, .repeats = true}, \
    { \
        .name = "parameter-file", .letter = 'f', .argument = "FILE", \
        .help = "a YAML or JSON map of parameters", .repeats = true \
    }
/* Those and the other one that run_load() reads. */
#define RUN_LOAD_OPTIONS \
    RUN_LOAD_PARAMETERS("a parameter of the workflow"), \
    { \
        .name = "entrypoint", .argument = "TEMPLATE", .help = "start with this template" \
    }

void run_load_done(struct run_load *l);

/* Reads the flags --parameter and --parameter-file.  ERR_BADREQUEST: a flag is not of the form
 * NAME=VALUE; other errors are the files'. */
int run_load_parameters(struct run_load *l, const struct options *options, struct err *e);
/* They as a workflow's arguments: {"parameters":[{"name","value"}]}; the caller unrefs. */
struct json_doc *run_load_arguments(const struct run_load *l);
/* They as Argo's REST API has them: adds "parameters": ["NAME=VALUE"], unless there are none. */
void run_load_add_texts(const struct run_load *l, struct json_build *b);
/* A workflow's spec with the parameters, and an entry point (NULL: its own), laid over it; the
 * caller unrefs. */
struct json_doc *run_load_adapt_spec(const struct run_load *l, const struct json *spec,
                                     const char *entrypoint);
/* The manifest's objects, with the parameters and --entrypoint laid over the workflows.
 * ERR_INVALID: there is no workflow among them. */
int run_load(struct run_load *l, const struct options *options, const struct manifest *m,
             struct err *e);

#endif
