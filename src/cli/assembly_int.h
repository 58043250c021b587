/*
 * What is put together, for the files of assembly: assembly.c puts it together, assembly_runtime.c
 * tells the runtime what it is to know.
 */
#ifndef CLI_ASSEMBLY_INT_H
#define CLI_ASSEMBLY_INT_H

#include <limits.h>

#include "api/kind.h"
#include "base/vec.h"
#include "cli/assembly.h"
#include "cli/loopback.h"
#include "cli/podpython.h"
#include "runner/images.h"

typedef VEC(const char *) assembly_words;
typedef VEC(struct image_rule) assembly_rules;

struct assembly {
    struct assembly_config config;
    struct store *store;
    struct drive *drive;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct events *events;
    struct watchlog *watchlog;
    struct kind_table kinds;
    char node[HOST_NAME_MAX + 1];
    struct forward *forward; /* NULL unless it serves */
    struct control *control;
    struct runtime *runtime;
    struct flow *flow;
    struct requester *requester;
    struct argo_cron *cron;
    struct history *old_pods, *old_workflows;
    struct datasize *datasize;
    char *init_path, *envs;
    assembly_rules images;
    assembly_words shared, host_paths; /* NULL-terminated */
    struct podpython python;
    struct json_doc *workflow_defaults; /* NULL: there are none */
    loopback_ports loopback;
};

/* The settings and the store in the runtime's words; its events go to the controllers. */
int assembly_make_runtime(struct assembly *a, struct err *e);

#endif
