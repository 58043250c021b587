/*
 * run_log - the logs of pods, printed as they come.
 *
 * A pod's log is the file that its init writes (sandbox/boxrecord.h).  It is read
 * when the Pod changes and, while it runs, a few times a second; each line is shown
 * once, with the pod's name.
 *
 * The loop's thread.
 */
#ifndef CLI_RUN_LOG_H
#define CLI_RUN_LOG_H

struct loop;
struct object;
struct run_log;
struct run_view;

/* `data` and `view` are borrowed. */
struct run_log *run_log_new(struct loop *loop, const char *data, struct run_view *view);
void run_log_free(struct run_log *l); /* NULL is fine */
/* A Pod changed. */
void run_log_pod(struct run_log *l, const struct object *pod);
/* Prints what is there to the last byte. */
void run_log_drain(struct run_log *l);

#endif
