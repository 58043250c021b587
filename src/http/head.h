/*
 * head - the head of an HTTP/1.x message: start line and fields (RFC 9112).
 *
 * Strict, because what two programs read differently is how requests are smuggled: lines end in
 * CR LF and in nothing else, a field is not folded, no space stands before its colon, no control
 * character anywhere.  A table says which octet may follow in which state; so the parser takes the
 * bytes as they come, and never looks back.
 *
 *     request:   EMPTY -> METHOD -> TARGET -> VERSION -> line end
 *     response:  STATUS_VERSION -> STATUS -> REASON -> line end
 *     both:      FIELD -> NAME -> VALUE -> line end -> FIELD ... -> end of the head
 *
 * One empty line before a request is skipped (RFC 9112, 2.2).
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/buf.h"
#include "http/fields.h"

struct err;

enum head_kind { HEAD_REQUEST, HEAD_RESPONSE };

struct head {
    enum head_kind kind;
    int state;
    struct buf raw; /* what came so far; all texts below are in it */

    /* When the head is complete. */
    struct str method, target; /* of a request */
    int status;                /* of a response: 100..599 */
    struct str reason;
    int minor;            /* HTTP/1.minor: 0 or 1 */
    struct fields fields; /* its `cap` counts them while they come */
};

void head_init(struct head *h, enum head_kind kind);
void head_done(struct head *h);

/* Takes bytes up to the end of the head; *ret_taken says how many.  1: the head is complete; 0:
 * more is needed; negative: *e says what is wrong, and *ret_status with what to refuse it (400,
 * 414, 431, 505). */
int head_feed(struct head *h, struct str bytes, size_t *ret_taken, int *ret_status, struct err *e);
/* Whether a byte of the message has come. */
bool head_has_begun(const struct head *h);

#endif
