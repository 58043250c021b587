/*
 * depends - when may a DAG task run?
 *
 * A task says so in `depends`, an expression over other tasks' results,
 *
 *     (A.Succeeded || A.Skipped) && !B.Failed && C
 *
 * or in the older `dependencies`, a list of names that means "all of them, bare".  A bare name is
 * (X.Succeeded || X.Skipped || X.Daemoned), and X.Failed or X.Errored as well if X's continueOn
 * says so.  Grammar (Argo's enhanced depends): names of letters, digits, '-' and '_'; the results
 * Succeeded Failed Errored Skipped Omitted Daemoned AnySucceeded AllFailed; && || ! and
 * parentheses;
 * && binds tighter than ||.
 *
 * The expression is parsed once and evaluated whenever every task it names has been decided.
 * Immutable once parsed; any thread.
 */
#ifndef FLOW_ARGO_DEPENDS_H
#define FLOW_ARGO_DEPENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct depends;
struct err;
struct json;

/* What is known of a task; several may hold at once. */
enum depends_state {
    DEPENDS_SUCCEEDED = 1 << 0,
    DEPENDS_FAILED = 1 << 1,
    DEPENDS_ERRORED = 1 << 2,
    DEPENDS_SKIPPED = 1 << 3,
    DEPENDS_OMITTED = 1 << 4,
    DEPENDS_DAEMONED = 1 << 5,
    DEPENDS_ANY_SUCCEEDED =
        1 << 6,                  /* of a loop's children; Error children do not count as failed */
    DEPENDS_ALL_FAILED = 1 << 7, /* false where there are none */
    DEPENDS_ON_FAILED = 1 << 8,  /* the task has continueOn.failed: a bare name takes Failed */
    DEPENDS_ON_ERROR = 1 << 9,   /* the task has continueOn.error */
};

/* ERR_INVALID with the character at fault.  Limits: DEPENDS_MAX_BYTES, DEPENDS_MAX_DEPTH. */
enum { DEPENDS_MAX_BYTES = 64 * 1024, DEPENDS_MAX_DEPTH = 100 };
int depends_parse(struct str text, struct depends **ret, struct err *e);
/* From a DAG task: `depends` if it has one, else `dependencies`; without either the condition is
 * always true. */
int depends_of_task(const struct json *task, struct depends **ret, struct err *e);
void depends_free(struct depends *d); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct depends *, depends_free)
#define cleanup_depends CLEANUP(depends_free)

/* The tasks it names, each once, in order of appearance. */
size_t depends_task_count(const struct depends *d);
struct str depends_task_at(const struct depends *d, size_t i);
/* Whether the task is asked for AnySucceeded or AllFailed, which need a loop. */
bool depends_task_needs_items(const struct depends *d, size_t i);

/* The state of task i of the list above. */
typedef unsigned depends_state_fn(void *arg, size_t i);
/* True if the task may run.  Ask only when every task named has been decided. */
bool depends_holds(const struct depends *d, depends_state_fn *state, void *arg);

#endif
