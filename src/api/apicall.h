/*
 * apicall - one API request, from its bytes to its answer.
 *
 *     apicall_new() -> apicall_start() -+-> answered at once: on_answer runs inside of the call
 *                                       +-> IN THE CORE: a message runs in a turn; when that is
 *                                           committed, on_answer runs on the core's thread
 *     on_answer -> apicall_answer() gives status, fields and body -> apicall_free()
 *
 * A body is bytes, or a stream that outlives the call (lists that come in slices, watches, logs).
 *
 * The caller's thread, then the core's, never both at once.
 */
#ifndef API_APICALL_H
#define API_APICALL_H

#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct apicall;
struct apipod_exec;
struct apiserver;
struct apistream;
struct caller;

enum {
    APICALL_MAX_BODY = 3 * 1024 * 1024, /* bytes, as upstream */
    APICALL_MAX_FIELDS = 8,
    APICALL_MAX_PRETTY = 1024 * 1024, /* bytes of an answer that pretty=true lays out */
};

struct apirequest {
    struct str method, path, query;
    struct str accept, content_type, user_agent; /* header fields; STR_NULL: not sent */
    struct str body;
    const struct caller *caller; /* NULL: nobody */
};

/* Everything of the request must live until the answer is taken. */
struct apicall *apicall_new(struct apiserver *s, const struct apirequest *rq,
                            void (*on_answer)(void *arg), void *arg);
/* Once. */
void apicall_start(struct apicall *c);
/* After on_answer.  NULL is fine. */
void apicall_free(struct apicall *c);
MEM_DEFINE_CLEANUP(struct apicall *, apicall_free)
#define cleanup_apicall CLEANUP(apicall_free)

struct apifield {
    const char *name;
    struct str value;
};

struct apianswer {
    int status;
    const char *content_type; /* NULL: none */
    struct apifield fields[APICALL_MAX_FIELDS];
    size_t fields_n;
    struct str body;          /* the call's; or */
    struct apistream *stream; /* the caller's from now on; or */
    struct apipod_exec *exec; /* a command to connect the client with; the caller's */
};
/* Once, in or after on_answer; the texts live as long as the call. */
void apicall_answer(struct apicall *c, struct apianswer *ret);

#endif
