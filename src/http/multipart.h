/*
 * multipart - multipart/form-data (RFC 7578), read as it comes.
 *
 *     struct multipart *m = multipart_new(content_type, &handler, arg, &e);
 *     multipart_feed(m, bytes, &e);           any number of times
 *     multipart_end(m, &e);                   the body is complete, or ERR_BADREQUEST
 *
 *     PREAMBLE -- boundary --> HEADERS -- empty line (on_part runs) --> CONTENT
 *     CONTENT -- bytes that are no boundary (on_bytes runs)
 *     CONTENT -- boundary (on_part_end runs) --> HEADERS; the last one --> EPILOGUE
 *
 * Nothing is collected but the headers of the part at hand, so a part may be of any size: whoever
 * writes it to a file holds the sender back by asking the connection for the next piece only when
 * the file has taken this one.  No state but its own; one thread at a time.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/mem.h"
#include "base/str.h"

struct err;
struct multipart;

enum {
    MULTIPART_MAX_BOUNDARY = 70,      /* of RFC 2046 */
    MULTIPART_MAX_HEADERS = 8 * 1024, /* bytes of one part's */
    MULTIPART_MAX_PARTS = 1000,
    MULTIPART_MAX_AROUND = 64 * 1024, /* bytes before the first and behind the last boundary */
};

struct multipart_part {
    struct str name;     /* of the form's field */
    struct str filename; /* STR_NULL: it is no file.  What the sender says: no path to be used */
    struct str content_type; /* STR_NULL: not said */
};

/* Each returns 0, or a negative code with *e filled, which multipart_feed() passes on. */
struct multipart_handler {
    int (*on_part)(void *arg, const struct multipart_part *part, struct err *e);
    int (*on_bytes)(void *arg, struct str bytes, struct err *e);
    int (*on_part_end)(void *arg, struct err *e);
};

/* `content_type` is that of the request.  NULL with *e filled (ERR_BADREQUEST) if it is another one
 * or has no boundary. */
struct multipart *multipart_new(struct str content_type, const struct multipart_handler *handler,
                                void *arg, struct err *e);
int multipart_feed(struct multipart *m, struct str bytes, struct err *e);
int multipart_end(const struct multipart *m, struct err *e);
/* NULL is fine. */
void multipart_free(struct multipart *m);
MEM_DEFINE_CLEANUP(struct multipart *, multipart_free)
#define cleanup_multipart CLEANUP(multipart_free)

#endif
