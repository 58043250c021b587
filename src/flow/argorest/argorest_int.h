/*
 * argorest_int - what the files of argorest share.  Included from argorest*.c only.
 *
 * A row of a table (struct argorest_op) says what a request asks for; a struct argorest_call is the
 * request until it is answered:
 *
 *     READ -- prepare() (edge thread) --> READY
 *     READY -- op->run: a turn; again with c->again --> RAN     (without run: at once)
 *     RAN -- argorest_ask() was called: the object API answers --> ANSWERED
 *     RAN -- otherwise: from what was left in the call ----------> ANSWERED
 *     any -- an error -------------------------------------------> ANSWERED with it
 */
#ifndef FLOW_ARGOREST_ARGOREST_INT_H
#define FLOW_ARGOREST_ARGOREST_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/apicall.h"
#include "api/apiparam.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/message.h"
#include "flow/argorest/argorest.h"

struct apiserver_config;
struct apistream;
struct call;
struct argorest_call;
struct argorest_fields;
struct argorest_latest;
struct err;
struct json;
struct json_doc;
struct kind;
struct loop;
struct object;
struct turn;

/* A kind as this API names it. */
struct argorest_kind {
    const struct kind *kind;
    const char *field; /* of a request's body that holds the object */
};
extern const struct argorest_kind argorest_workflow, argorest_template, argorest_cluster_template,
    argorest_cron;

struct argorest_op {
    const char *method, *pattern; /* {namespace}, {name} fill the call's ns and name */
    const struct argorest_kind *kind;
    /* What the caller needs to be allowed to do with the kind in ns, as the object API spells it;
     * NULL: the operation asks for itself, or needs nothing. */
    const char *right;
    int (*prepare)(struct argorest_call *c, struct err *e); /* NULL: nothing to do */
    /* In a turn; after an error nothing has happened.  NULL: prepare has left the answer. */
    int (*run)(struct argorest_call *c, struct turn *t, struct err *e);
    const char *verb; /* the operation's own: which of several it is */
};

struct argorest_call {
    struct message message;
    struct argorest *rest;
    struct call *call;
    struct loop *loop; /* of the edge thread */
    const struct argorest_op *op;

    /* What was asked. */
    struct apiparam query;
    struct json_doc *body; /* an object; an empty one where nothing was sent */
    struct str ns, name;   /* "" where the path has none */
    bool accepts_events;   /* server-sent events rather than lines */

    /* An operation's own. */
    void *plan;
    void (*release)(void *plan);    /* NULL: nothing to do */
    bool dry_run, taken_back;       /* what the turn did is taken back, and answered all the same */
    bool again;                     /* set by run: once more, in another turn */
    struct argorest_latest *latest; /* what is known of @latest; NULL: nothing was asked */

    /* A question to the object API (argorest_ask). */
    struct apirequest ask;
    struct buf ask_path, ask_query, ask_body;
    struct apicall *apicall;
    /* Makes the stream of the answer from the API's, which it takes.  NULL: it is of one object. */
    struct apistream *(*wrap)(struct argorest_call *c, struct apistream *inner);

    /* The answer: one of these. */
    struct object *object;    /* as it is, a Workflow with its nodes */
    struct json_doc *doc;     /* JSON */
    struct apistream *stream; /* of lines */
    const char *content_type; /* of the stream, if it is a file; NULL: it is messages */
    char *file_name;          /* how a client may call the file */
    int64_t length;           /* of the file */
};

const struct apiserver_config *argorest_config(const struct argorest_call *c);
/* STR_NULL where it was not given or is empty. */
struct str argorest_param(const struct argorest_call *c, const char *name);
/* A text field of the body; STR_NULL for none. */
struct str argorest_text(const struct argorest_call *c, const char *field);
/* The object that the body carries for the operation's kind.  ERR_BADREQUEST: there is none, or it
 * is none. */
int argorest_object_of(const struct argorest_call *c, const struct json **ret, struct err *e);

/* ERR_FORBIDDEN in upstream's words, unless the caller may; `subresource` may be NULL.  Any
 * thread. */
int argorest_authorize(const struct argorest_call *c, const char *verb, const struct kind *k,
                       const char *subresource, struct str ns, struct str name, struct err *e);

/* Asks the object API, as the caller: `name` STR_NULL means the collection; `body` may be NULL.
 * More of the query goes to c->ask_query. */
void argorest_ask(struct argorest_call *c, const char *method, const struct kind *k,
                  struct str name, const struct json *body);
/* Adds NAME=VALUE, escaped, to the question's query. */
void argorest_ask_with(struct argorest_call *c, const char *name, struct str value);
/* Adds listOptions.* of the request's query. */
void argorest_ask_with_options(struct argorest_call *c, const char *const *names);

/* argorest_ask.c: asks what was put together; its answer is the call's. */
void argorest_ask_now(struct argorest_call *c);

/* argorest_answer.c: the end of a call, which is freed.  From what was left in it; with an error;
 * with JSON; with c->stream. */
void argorest_answer(struct argorest_call *c);
void argorest_refuse(struct argorest_call *c, const struct err *why);
void argorest_reply_text(struct argorest_call *c, int status, struct str text);
void argorest_reply_stream(struct argorest_call *c);
/* Which fields of an object the client wants: its query's "fields". */
const struct argorest_fields *argorest_fields_of(const struct argorest_call *c);

/* argorest_latest.c: the name of the path, where @latest stands for the workflow that was created
 * last.  In a turn; with c->again set afterwards it is not known yet.  ERR_NOTFOUND: there is
 * none. */
int argorest_resolve(struct argorest_call *c, struct turn *t, struct str *ret, struct err *e);
void argorest_latest_free(struct argorest_latest *l); /* NULL is fine */

/* For the routes: arg is a struct argorest_route. */
struct argorest_route {
    struct argorest *rest;
    const struct argorest_op *op;
};
void argorest_on_call(void *arg, struct call *call);

/* The error as JSON; *ret_status is its HTTP status. */
void argorest_error_write(const struct err *why, struct buf *to, int *ret_status);

/* argorest_watch.c: one message of a stream: {KEY: json} as a line, or as a server-sent event. */
void argorest_frame(struct buf *to, bool sse, const char *key, struct str json);

/* argorest_whole.c: a stream of one object, which is taken, as a stream of the fields that the
 * client wants. */
struct apistream *argorest_whole(struct argorest_call *c, struct apistream *inner);

/* Tables of operations, each ended by a row without a method. */
extern const struct argorest_op argorest_object_ops[], argorest_list_ops[], argorest_verb_ops[],
    argorest_submit_ops[], argorest_lint_ops[], argorest_watch_ops[], argorest_log_ops[],
    argorest_archive_ops[], argorest_artifact_ops[], argorest_info_ops[];

/* argorest_verb.c: ["a=1", "b=2"] as {"a":"1","b":"2"}; NULL for none. */
int argorest_read_parameters(const struct json *list, struct json_doc **ret, struct err *e);

/* argorest_verb.c: retry or resubmit, as c->op->verb says; c->object is the workflow then. */
int argorest_rerun(struct argorest_call *c, struct turn *t, const struct object *o, struct err *e);

/* argorest_archive.c: the workflow that is over with that uid, if the caller may.  In a turn. */
int argorest_find_uid(struct argorest_call *c, struct turn *t, struct str uid, const char *right,
                      struct object **ret, struct err *e);

/* argorest_lint.c: whether the engine can run it.  ERR_BADREQUEST with everything that is wrong.
 * In a turn. */
enum argorest_strictness { ARGOREST_SUBMIT, ARGOREST_STORE, ARGOREST_LINT };
int argorest_check(struct argorest_call *c, struct turn *t, const struct kind *k,
                   const struct json *object, enum argorest_strictness how, struct err *e);

#endif
