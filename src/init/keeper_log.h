/*
 * keeper_log - the log file of an attempt, and the first bytes of its stdout.
 *
 * Records `time stream F|P text`, one a line of output; P: the line was longer than 16 KiB and goes
 * on in the next record.  The file takes the first half of its cap; what follows goes round in a
 * ring file of the other half, which is appended at the end, after a line that says how much was
 * left out.  So a log of any length costs its cap, and neither its beginning nor its end is lost.
 *
 * Init's thread.
 */
#ifndef INIT_KEEPER_LOG_H
#define INIT_KEEPER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

enum { KEEPER_LINE = 16 * 1024, KEEPER_STREAMS = 2 };

struct keeper_stream {
    int fd;             /* read end, non-blocking; -1: ended */
    struct buf pending; /* a line without its end yet */
};

struct keeper_log {
    struct keeper_stream streams[KEEPER_STREAMS]; /* stdout, stderr */
    int dir;                                      /* borrowed */
    int file, ring, result;                       /* -1: not open */
    uint64_t head_max, head;                      /* bytes of the file */
    uint64_t ring_max, ring_written;              /* bytes that ever went to the ring */
    uint64_t result_max, result_bytes;
    uint64_t seen;  /* bytes of output */
    uint64_t lost;  /* bytes of records left out */
    struct buf out; /* records of this round */
};

int keeper_log_open(struct keeper_log *l, int dir, uint64_t cap, uint64_t result_max,
                    struct err *e);
/* The read end of a stream (0: stdout, 1: stderr); takes fd. */
void keeper_log_attach(struct keeper_log *l, int stream, int fd);
/* Reads what is there; at the end of the stream its fd becomes -1. */
void keeper_log_read(struct keeper_log *l, int stream);
/* Reads what is left, writes half lines and the ring's content. */
void keeper_log_finish(struct keeper_log *l);

#endif
