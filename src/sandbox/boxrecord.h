/*
 * boxrecord - the files of an attempt's directory, and who may write them.
 *
 *   started   published exactly once, by init before it executes the command, or by a restarted
 *             server that fences the attempt off: by a rename or link that refuses to replace, so
 *             that the second finds EEXIST
 *   exit      the same file as init's `started`, which has room from the beginning, with the record
 *             of the end behind that of the start; gets this name when that is written
 *   log       lines `time stream F|P text` (time RFC 3339 with nanoseconds; stream stdout or
 *             stderr; P: the line goes on).  Only grows.  At the cap a line says so; the tail is
 *             kept in a ring (log.tail) and appended at the end, after a line that says how much
 *             is missing
 *   result    the first bytes of stdout as they were; not made if there were none
 *   outbox/   declared outputs, by their names; only if some are declared
 *   control   init's socket; while init lives somebody listens.  The record `exit` is there before
 *             nobody does, so: connect; refused or missing: read `exit`; none: the attempt is lost
 *   upper*    layers of the file system (and at level none `work`, the command's own directory);
 *   work*     for the runner to delete when all is saved
 *
 * None of these is fsynced: see the design.  All functions take the directory's descriptor; any
 * thread.
 */
#ifndef SANDBOX_BOXRECORD_H
#define SANDBOX_BOXRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

#define BOX_STARTED "started"
#define BOX_EXIT "exit"
#define BOX_LOG "log"
#define BOX_LOG_TAIL "log.tail"
#define BOX_RESULT "result"
#define BOX_OUTBOX "outbox"
#define BOX_CONTROL "control"
#define BOX_UPPER "upper"
#define BOX_WORK "work"
#define BOX_HOLDERS \
    "holders" /* in the data directory: <pod>/<number>/ is the directory of a holder */

struct box_started {
    const char *id;
    bool fenced; /* a server's: the command never ran */
    int64_t at_us;
};

enum box_output_state { BOX_SAVED, BOX_MISSING, BOX_UNSAVED };

struct box_saved {
    const char *name;
    int state;        /* enum box_output_state */
    uint32_t type;    /* S_IFREG, S_IFDIR */
    uint64_t bytes;   /* of content */
    const char *text; /* why it is not there */
};

struct box_exit {
    const char *id;
    bool executed; /* false: `text` says why the command could not be started (reason StartError) */
    int code;      /* 128 + N for signal N */
    int signal;    /* 0: none */
    bool oom;      /* the group's memory limit killed a process */
    bool deadline; /* the deadline ended it */
    bool stopped;  /* it was told to stop (or its server was gone) */
    int64_t started_us, ended_us, saved_us;
    uint64_t cpu_us, memory_peak; /* 0: not measured */
    uint64_t log_bytes, log_lost; /* written by the command; left out of the file */
    uint64_t result_bytes;        /* kept in `result` */
    const char *text;             /* NULL, or why it could not be executed */
    const char *message;          /* the termination message, at most 4096 bytes; NULL: none */
    const char *progress;         /* the end of the progress file, at most 256; NULL: none */
    struct box_saved *outputs;    /* in the specification's order */
    size_t outputs_n;
};

/* Takes room for both records while there is some: a step that fills its disk must not lose the
 * word on how it ended.  A descriptor for the next two. */
int boxrecord_reserve(int dirfd, struct err *e);
/* Init: publishes `started`.  ERR_EXISTS: somebody else was first. */
int boxrecord_publish(int dirfd, int reserve, const struct box_started *s, struct err *e);
/* Writes the end behind the start and gives it its name. */
int boxrecord_write_exit(int dirfd, int reserve, const struct box_exit *x, struct err *e);

/* What a restarted server does with an intent that has no `started`: publishes one that says
 * fenced.  0: the attempt never ran and never will.  ERR_EXISTS: it has started. */
int boxrecord_fence(int dirfd, const char *id, int64_t now_us, struct err *e);
/* ERR_NOTFOUND: there is none. */
int boxrecord_read_started(int dirfd, struct arena *a, struct box_started *ret, struct err *e);

/* ERR_NOTFOUND: there is none (yet). */
int boxrecord_read_exit(int dirfd, struct arena *a, struct box_exit *ret, struct err *e);

#endif
