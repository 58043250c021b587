/*
 * framing - where the body of a message ends (RFC 9112, section 6), and taking it apart.
 *
 * What could be read in two ways is refused: a length beside a transfer coding, two lengths, a
 * coding other than a lone "chunked", a coding in HTTP/1.0, a chunk size with a sign or a space.
 *
 *     NONE      nothing follows the head
 *     LENGTH    `left` bytes
 *     CHUNKED   chunks, each with its size before it, and trailers, which are dropped
 *     CLOSE     everything up to the end of the connection (responses only)
 */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct head;

enum framing_kind { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

struct framing {
    enum framing_kind kind;
    uint64_t left;   /* LENGTH: of the body; CHUNKED: of the chunk */
    int state;       /* CHUNKED */
    int digits;      /* CHUNKED: of the size so far */
    size_t overhead; /* CHUNKED: bytes of extensions and trailers so far */
    bool ended;
};

/* *ret_status as head_feed() gives it: 400, or 501 for a coding that is not understood. */
int framing_of_request(const struct head *h, struct framing *ret, int *ret_status, struct err *e);
/* `bodyless`: the request was HEAD, or a CONNECT or Upgrade that was granted. */
int framing_of_response(const struct head *h, bool bodyless, struct framing *ret, struct err *e);

/* Takes the next bytes of the body: *ret_taken of them, of which *ret_data (in `bytes`, may be
 * empty) is content.  1: that was the end; 0: more follows; negative: malformed.  Call it again
 * while bytes are left. */
int framing_take(struct framing *f, struct str bytes, size_t *ret_taken, struct str *ret_data,
                 struct err *e);
/* The connection has ended: 0 if the body is complete. */
int framing_end(struct framing *f, struct err *e);

/* What goes before a chunk of n bytes; CR LF goes behind it.  Returns the text in `room`. */
enum { FRAMING_CHUNK_HEAD = 20 };
struct str framing_chunk_head(size_t n, char room[FRAMING_CHUNK_HEAD]);

#endif
