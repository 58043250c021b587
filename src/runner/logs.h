/*
 * logs - reading a container's log while it grows.
 *
 * Init writes lines `time stream F|P text` (sandbox/boxrecord.h); P says that the line goes on.  A
 * reader hands out whole records as they appear, decoded.  It looks at the file when it is asked
 * to, and by itself every LOGS_PAUSE_US while it follows: a log is a plain file that another
 * process appends to, and readers are few.
 *
 * Loop thread.
 */
#ifndef RUNNER_LOGS_H
#define RUNNER_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;
struct logs;
struct loop;

#define LOGS_PAUSE_US INT64_C(100000)
enum { LOGS_END_LINES = 80, LOGS_END_BYTES = 2048 };

struct logs_record {
    struct str time;   /* RFC 3339 with nanoseconds */
    struct str stream; /* "stdout" or "stderr" */
    bool partial;      /* the line goes on in the next record of the stream */
    struct str text;   /* without its newline; may hold any bytes */
};

/* Cuts one record off the front of *rest.  False when there is no whole one.  What is no record
 * (a torn file) is handed out as text of stdout. */
bool logs_cut(struct str *rest, struct logs_record *ret);

/* Borrowed for the call. */
typedef void logs_fn(void *arg, const struct logs_record *record);

/* Follows the file at the path, which may not exist yet. */
struct logs *logs_follow(struct loop *l, const char *path, logs_fn *fn, void *arg);
/* Hands out what is there now (before the reader is freed, when the container has ended). */
void logs_drain(struct logs *g);
/* No callback afterwards.  NULL is fine. */
void logs_free(struct logs *g);

/* Cuts the file to the whole records of its first `bytes` and adds `why` as a line with the time of
 * the last of them, if it is longer.  A file that is not there is none that is too long.  Nobody
 * may write to it any more. */
int logs_shorten(int dirfd, const char *path, int64_t bytes, const char *why, struct err *e);

/* The end of a file as text without times, as kubelet shows it of a container that failed and left
 * no message: of its last LOGS_END_LINES lines the last LOGS_END_BYTES.  Nobody may write to it any
 * more. */
int logs_end(int dirfd, const char *path, struct buf *to, struct err *e);

/* All of a file at once, as text without times: for results and archives. */
int logs_read(int dirfd, const char *path, logs_fn *fn, void *arg, struct err *e);

#endif
