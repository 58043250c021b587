/*
 * apiserver - the Kubernetes-shaped API over the object layer, without sockets.
 *
 * A request is bytes and a caller (apicall.h); what comes back is a status, fields and either bytes
 * or a stream (apistream.h).  Who moves the bytes is not known here: an edge does (apiedge.h), and
 * a test can.  What needs no state (paths, bodies, schemas, selectors, encoding) runs on the thread
 * that calls; what needs it runs in a turn of the core.
 *
 * What the API needs of others comes as functions in the configuration: who may do what, tokens,
 * and what runs below a Pod.  Any thread, once it is made.
 */
#ifndef API_APISERVER_H
#define API_APISERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct apiserver;
struct arena;
struct buf;
struct caller;
struct clock;
struct core;
struct err;
struct kind;
struct object;
struct objects;
struct turn;
struct watchlog;

/* What somebody wants to do; texts may be STR_NULL where they do not apply. */
struct apiright {
    struct str verb; /* "get", "list", "create", ... */
    struct str group, version, resource, subresource, ns, name;
    struct str path; /* of what is no resource: "/version" */
};

/* What a service account's token says. */
#define APITOKEN_AUDIENCE "https://kubernetes.default.svc" /* the API's own */

struct apitoken {
    struct str ns, name, uid;     /* of the ServiceAccount */
    struct str pod_name, pod_uid; /* that it is bound to, or STR_NULL */
    struct str audience;          /* STR_NULL: the API's own */
    int64_t issued_us, expires_us;
};

struct apiserver_config {
    struct core *core;
    struct objects *objects;
    const struct kind *const *kinds;
    struct watchlog *watchlog;
    const struct clock *clock;
    const char *address; /* "127.0.0.1:8080": where clients reach it, for /api; copied */

    /* Whether `who` may.  Pure.  NULL: everybody may everything. */
    bool (*authorize)(void *arg, const struct caller *who, const struct apiright *right);
    /* What `who` may in a namespace, as the rules of a SelfSubjectRulesReview; NULL: all. */
    void (*rules)(void *arg, const struct caller *who, struct str ns, struct buf *to);
    /* The caller that a token stands for (TokenReview); as edge/caller.h says.  May be NULL. */
    int (*authenticate)(void *arg, struct arena *a, struct str token, struct caller *ret,
                        struct err *e);
    /* Signs a token (TokenRequest).  May be NULL. */
    void (*sign)(void *arg, const struct apitoken *t, struct buf *to);
    void *auth_arg;

    /* pods/log and pods/exec, once the call may be answered; see apipod.h.  NULL: not served. */
    const struct apipod_ops *pods;
    void *pods_arg;
};

struct apiserver *apiserver_new(const struct apiserver_config *config);
/* When no call and no stream is left.  NULL is fine. */
void apiserver_free(struct apiserver *s);
MEM_DEFINE_CLEANUP(struct apiserver *, apiserver_free)
#define cleanup_apiserver CLEANUP(apiserver_free)

const struct apiserver_config *apiserver_config(const struct apiserver *s);

/* The OpenAPI index for a table of `n` kinds, if it was kept, appended; making one takes long. */
bool apiserver_index_get(struct apiserver *s, size_t n, struct buf *to);
void apiserver_index_put(struct apiserver *s, size_t n, struct str text);

/* The namespaces without which nothing works (default, kube-system), and one for every namespace
 * that stored objects are in.  In a turn. */
int apiserver_prepare(struct apiserver *s, struct turn *t, struct err *e);
/* Whether a namespace is one of the first, which cannot be deleted. */
bool apiserver_keeps_namespace(struct str name);

#endif
