/*
 * run_view - what `sluice run` shows while workflows run, and what it prints at their end.
 *
 * Progress goes to standard error: a tree that is drawn again in place on a
 * terminal, one line for each change elsewhere.  The result goes to standard
 * output in the form that -o asks for.  Composing a tree costs as much as the run
 * is large, so a view takes at most a small share of the time.
 *
 * The loop's thread.
 */
#ifndef CLI_RUN_VIEW_H
#define CLI_RUN_VIEW_H

#include <stdbool.h>

#include "base/str.h"
#include "io/timer.h"

struct assembly;
struct cli;
struct err;
struct live;
struct loop;
struct reading;
struct signals;

enum run_form { RUN_TREE, RUN_JSON, RUN_YAML, RUN_NAME };

struct run_view {
    struct cli *cli;
    struct loop *loop;
    struct assembly *assembly;
    struct live *live;
    struct timer timer;
    struct signals *resized; /* NULL off the terminal */
    char *uid;               /* of the workflow on show; NULL: none yet */
    int64_t pause_us, read_us;
    bool dirty, reading;
    struct reading *last; /* what run_view_finish() waited for */
};

/* "tree", "json", "yaml", "name"; false for others. */
extern const char *const run_form_names[]; /* ends with NULL */
bool run_form_from_name(const char *name, enum run_form *ret);

void run_view_init(struct run_view *v, struct cli *cli, struct loop *loop,
                   struct assembly *assembly);
void run_view_done(struct run_view *v);
/* Something changed in the workflow with this uid. */
void run_view_changed(struct run_view *v, struct str uid);
/* One line of a pod's log. */
void run_view_log(struct run_view *v, struct str pod, struct str line);
/* The workflow is over: the last state is drawn or printed, in this form. */
int run_view_finish(struct run_view *v, const char *uid, enum run_form form, struct err *e);

#endif
