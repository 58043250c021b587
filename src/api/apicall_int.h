/*
 * apicall_int - what the files of apicall share.  Included from apicall*.c only.
 *
 * A verb is a row: what it does on the caller's thread before the core is asked (`prepare`: reads
 * the body, checks what needs no state), and what it does in a turn (`run`).  Either may fail; then
 * it has filled c->failure.
 */
#ifndef API_APICALL_INT_H
#define API_APICALL_INT_H

#include "api/accept.h"
#include "api/apicall.h"
#include "api/apiparam.h"
#include "api/apipath.h"
#include "api/apipod.h"
#include "api/apiselect.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/failure.h"
#include "api/kind.h"
#include "api/objects.h"
#include "api/render.h"
#include "base/arena.h"
#include "base/buf.h"
#include "core/message.h"
#include "schema/problem.h"

struct json;
struct json_build;
struct json_doc;
struct turn;

enum apicall_validation { APICALL_WARN, APICALL_IGNORE, APICALL_STRICT };

struct apicall_verb {
    const char *name; /* as rights spell it */
    int (*prepare)(struct apicall *c);
    int (*run)(struct apicall *c, struct turn *t, struct err *e); /* NULL: prepare answers */
    bool composes;               /* its answer is the whole object */
    void (*release)(void *plan); /* NULL: nothing to do */
};

struct apicall {
    struct message message;
    struct apiserver *server;
    struct apirequest rq;
    void (*on_answer)(void *arg);
    void *on_answer_arg;
    struct arena arena;

    /* What was asked. */
    struct apipath path;
    struct apiparam param;
    struct accept accept;
    const struct apicall_verb *verb;
    const struct kind *kind;                    /* of the path */
    const struct kind *stored;                  /* the kind whose objects they are (kindface.h) */
    const struct kind_subresource *subresource; /* or NULL */
    struct str ns, name;                        /* ns "" for cluster-scoped kinds */
    bool dry_run;
    enum apicall_validation validation;
    struct str manager; /* who writes, for managedFields */
    struct json_doc *body;
    struct problems warnings; /* what fieldValidation found */
    void *plan;               /* a verb's own, in the arena */

    /* What came of it. */
    struct failure failure; /* code 0: none */
    bool rolled_back;       /* a dry run: it was done and is taken back */
    bool again;             /* run it once more, in another turn */
    bool acted;             /* rows changed for it in this turn */
    bool composing;         /* it is done; its object is to be completed when it is committed */
    int status;             /* 0: 200 */
    struct object *object;
    struct objects_composing *pieces; /* of the object, while it is composed into the text */
    bool fresh;                       /* the object was not stored: it has no resourceVersion */
    struct buf text;                  /* the body, unless there is an object or a stream */
    const char *content_type;         /* of text; NULL: JSON */
    bool no_body;
    const char *etag;
    struct apistream *stream;
    struct apipod_exec *exec;
};

const struct apiserver_config *apicall_config(const struct apicall *c);

/* Turns c->object into what its readers see, now or in another turn: the body's text or stream. */
int apicall_compose(struct apicall *c, struct turn *t, struct err *e);

/* apicall_target.c: what the request is for.  Each fails with c->failure or a text filled. */

/* The kind, place and verb. */
int apicall_find_target(struct apicall *c);
/* Whether the caller may use the verb there. */
int apicall_authorize(struct apicall *c);

/* apicall_answer.c: what is said. */

/* No resource of the API: a text, as for any path that is not served. */
void apicall_page_not_found(struct apicall *c);
/* Fails with a failure made from e, about the object of the path. */
int apicall_fail(struct apicall *c, const struct err *e);
/* The same with another name (a generated one). */
int apicall_fail_about(struct apicall *c, const struct err *e, struct str name);
/* A problem list as 422 about the object. */
int apicall_invalid(struct apicall *c, struct str name, const struct problems *ps);
/* Success without an object: {"status":"Success"}. */
void apicall_success(struct apicall *c, const char *name, const char *uid, int status);
/* The answer is JSON (or YAML of it) from this builder. */
void apicall_answer_built(struct apicall *c, struct json_build *b);
/* A tag for the text that is to be sent, in the arena. */
const char *apicall_etag(struct apicall *c);
struct render apicall_render(const struct apicall *c);

/* apicall_body.c: bodies to documents. */

/* Reads c->rq.body as an object of the target kind into c->body, with what fieldValidation says.
 * `api_version` and `kind` are those of what the path takes. */
int apicall_read_object(struct apicall *c, const char *group, const char *version,
                        const char *kind);
/* A body may leave kind and apiVersion out; what it says must be what the path takes.  Why not,
 * else. */
bool apicall_is_kind(const struct apicall *c, const struct json *root, const char *version,
                     const char *kind, struct buf *why);
/* A body of any shape (patches, options): JSON or, with `yaml`, YAML; NULL doc when it is empty. */
int apicall_read_json(struct apicall *c, bool yaml, struct json_doc **ret);
/* A patch; errors are those of decoding one. */
int apicall_read_patch(struct apicall *c, bool yaml, struct json_doc **ret);
/* Strict: fails if there are any; else keeps them for Warning fields. */
int apicall_take_problems(struct apicall *c, struct problems *ps, const char *version,
                          const char *kind);
/* dryRun, fieldValidation and fieldManager of the query; `options` is the name of the verb's
 * options kind. */
int apicall_read_options(struct apicall *c, const char *options);

/* The verbs. */
extern const struct apicall_verb apicall_get, apicall_list, apicall_watch, apicall_create,
    apicall_update, apicall_patch, apicall_delete, apicall_deletecollection, apicall_review,
    apicall_binding, apicall_eviction, apicall_token, apicall_log, apicall_exec, apicall_finalize;

/* The label and field selector of the query; apiselect_done() is the caller's. */
int apicall_select(struct apicall *c, struct apiselect *ret);

/* apicall_write.c: what every write of an object goes through. */

struct managed_write;
struct schema;

const struct schema *apicall_schema(const struct apicall *c);
bool apicall_is_status(const struct apicall *c); /* the request is for the status subresource */
struct managed_write apicall_managed(struct apicall *c, int64_t now_us);
/* A patched object: values as the server understands them, with defaults. */
int apicall_decode(struct apicall *c, const struct json_doc *doc, struct json_doc **ret);
/* metadata.name and namespace against the URL. */
int apicall_check_name(struct apicall *c, const struct json *root);
int apicall_check_place(struct apicall *c, struct str ns);
/* In a turn. */
/* The stored object as the kind of the path shows it. */
int apicall_live(struct apicall *c, struct turn *t, struct object **ret, struct err *e);
/* Stores a new object, or `next` (typed, defaulted, with managedFields) over a live one: c->object
 * is the result. */
int apicall_store_new(struct apicall *c, struct turn *t, const struct json *root, struct err *e);
int apicall_store_update(struct apicall *c, struct turn *t, const struct object *live,
                         const struct json *next, struct err *e);
/* Kinds whose status is the controller's (struct objects_composer): what `doc`, as the client wants
 * the object, asks for besides goes to *plan (NULL: nothing), and its status is replaced by what is
 * stored.  `t` and `live` are NULL for a new object.  apicall_act() does it, after the store's
 * part. */
int apicall_plan_write(struct apicall *c, struct turn *t, const struct object *live,
                       struct json_doc **doc, void **plan);
int apicall_act(struct apicall *c, struct turn *t, void *plan, struct err *e);

#endif
