/*
 * live - a workflow's progress while it runs.
 *
 * On a terminal the tree is drawn again in place, below whatever was printed before, at most ten
 * times a second (less often when it has thousands of rows); log lines go above it and scroll away
 * as usual.  It is not a full-screen view: what is taller than the terminal is shortened to the
 * rows that matter (active and failed ones first).  Elsewhere each change of a node's phase is one
 * line, once:
 *
 *     ● add(0:1)
 *     ✔ add(0:1)  3s
 *     ✖ check  1s  main: Error (exit code 1)
 *
 *   IDLE  --show---------------------> DRAWN
 *   DRAWN --show or log, too early---> DIRTY
 *   DRAWN --show or log, else--------> DRAWN
 *   DIRTY --tick when due------------> DRAWN  (erased, the waiting log lines, drawn again)
 *   any   --finish-------------------> IDLE   (the last state stays on the screen)
 *
 * Time comes from the caller; writing happens through a function, so a test reads what was drawn.
 * One thread at a time; nothing fails.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct json_doc;
struct live;

typedef void live_write_fn(void *owner, struct str text);

struct live_setup {
    bool terminal;       /* redraw in place; else lines */
    unsigned rows, cols; /* of the terminal; 0: 24 and 80 */
    bool utf8, colour;
    live_write_fn *write; /* gets everything, in order */
    void *owner;          /* borrowed */
};

struct live *live_new(const struct live_setup *setup);
/* NULL is fine.  Draws nothing more. */
void live_free(struct live *v);
MEM_DEFINE_CLEANUP(struct live *, live_free)
#define cleanup_live CLEANUP(live_free)

/* A newer state of the workflow; keeps a reference.  Draws now, or later if the last drawing was
 * just now. */
void live_show(struct live *v, struct json_doc *workflow, int64_t now_us);
/* When to call live_tick: wall time of a put-off drawing or of the next second of a running clock;
 * -1 for never. */
int64_t live_due(const struct live *v);
void live_tick(struct live *v, int64_t now_us);
/* One line of a pod's log, without its end: "pod: text", in the pod's colour.  On a terminal it
 * appears with the next drawing. */
void live_log(struct live *v, struct str pod, struct str line, int64_t now_us);
/* The terminal was resized. */
void live_resize(struct live *v, unsigned rows, unsigned cols, int64_t now_us);
/* Draws what was put off and lets it stand: the cursor is on a line of its own. */
void live_finish(struct live *v, int64_t now_us);
/* Takes the drawing off the terminal, so that something else can be printed in its place. */
void live_erase(struct live *v);

#endif
