/*
 * assembly - the parts of the platform, put together on one loop.
 *
 *   store <- core <- objects, events, controllers <- control (pods) <- runtime
 *                                                 <- flow (workflows) <- requester
 *
 * The loop drives the core: a turn when something was posted or a deadline has come,
 * tidying when there is nothing else to do.  Whoever opens an assembly posts
 * messages to its core and hears of changed objects.
 *
 * The loop's thread.
 */
#ifndef CLI_ASSEMBLY_H
#define CLI_ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct apitoken;
struct assembly;
struct buf;
struct core;
struct flow;
struct err;
struct loop;
struct object;
struct objects;
struct settings;
struct store;
struct watchlog;

struct assembly_config {
    struct loop *loop;
    const struct settings *settings;
    const char *data;     /* the data directory; absolute */
    const char *init;     /* the path of sluice-init; NULL: where this program's is */
    const char *recall;   /* a directory for what later spawners may recall, or NULL */
    const char *envs;     /* Python environments; absolute; NULL: below the data directory */
    bool die_with_server; /* pods end with this process */
    bool temporary; /* with die_with_server: so does the data; the store need not be durable */
    bool serve;     /* others ask over the network: watches are kept, there is a Node */
    const char *ca; /* the certificate authority that pods trust: PEM, or NULL */
    void (*sign)(void *arg, const struct apitoken *t, struct buf *to); /* tokens of pods */
    /* Said once, when the runtime knows what can be isolated: the level, and why not more ("" if
     * nothing is missing).  May be NULL. */
    void (*on_level)(void *arg, const char *level, const char *why);
    /* The runtime cannot run anything.  May be NULL. */
    void (*on_no_runtime)(void *arg, const struct err *why);
    /* After each commit, for each object that it changed.  May be NULL. */
    void (*on_object)(void *arg, const struct object *now, bool gone);
    void *arg;
};

/* Opens the data directory and restores everything; pods that a dead process left are adopted. */
int assembly_open(const struct assembly_config *config, struct assembly **ret, struct err *e);
/* Where pods reach the API (control/control.h); before the first turn. */
void assembly_set_api_address(struct assembly *a, const char *address);
/* Before assembly_close() with `temporary`: true if the data directory is removed when this process
 * has ended, false if the caller has to.  NULL: false. */
bool assembly_leave(struct assembly *a);
/* Lets go; pods go on unless they die with the server.  NULL is fine. */
void assembly_close(struct assembly *a);
MEM_DEFINE_CLEANUP(struct assembly *, assembly_close)
#define cleanup_assembly CLEANUP(assembly_close)

struct core *assembly_core(struct assembly *a);
struct objects *assembly_objects(struct assembly *a);
struct store *assembly_store(struct assembly *a);
struct flow *assembly_flow(struct assembly *a);
struct watchlog *assembly_watchlog(struct assembly *a); /* NULL unless it serves */
/* Pods that run or wait to. */
size_t assembly_pods(const struct assembly *a);

#endif
