/*
 * limits - the ceilings of a connection, in one place.
 *
 * Each appears by its value in the message that its transgressor gets.
 */
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#include "base/clock.h"

enum {
    LIMIT_HEAD_BYTES = 64 * 1024,     /* request line and fields; beyond: 431 */
    LIMIT_TARGET_BYTES = 16 * 1024,   /* of the request line; beyond: 414 */
    LIMIT_CHUNK_OVERHEAD = 16 * 1024, /* extensions and trailers of a body; beyond: 400 */
    LIMIT_DISCARD_BYTES = 64 * 1024,  /* of a body that nobody asked for, to keep a connection */
    LIMIT_LINGER_BYTES = 256 * 1024 * 1024, /* read and dropped behind a last reply */
    LIMIT_PIECE_BYTES = 64 * 1024,          /* of a body, written at once */
    LIMIT_PIECES_AT_ONCE = 4,               /* of one connection before others have their turn */
};

#define LIMIT_HEAD_US (10 * CLOCK_SECOND) /* from its first byte to its last */
#define LIMIT_IDLE_US \
    (180 * CLOCK_SECOND)                   /* between requests; clients keep connections for 90 s \
                                            */
#define LIMIT_BODY_US (30 * CLOCK_SECOND)  /* without a byte of a body that is asked for */
#define LIMIT_WRITE_US (60 * CLOCK_SECOND) /* for one piece that was written */
#define LIMIT_LINGER_US (2 * CLOCK_SECOND)
#define LIMIT_CONNECT_US (10 * CLOCK_SECOND)   /* to a server upstream */
#define LIMIT_UPSTREAM_US (600 * CLOCK_SECOND) /* for the head of its reply */

#endif
