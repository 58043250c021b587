/*
 * remote_int - what the files of remote know of each other.
 */
#ifndef RUNNER_REMOTE_INT_H
#define RUNNER_REMOTE_INT_H

struct buf;
struct err;
struct json;
struct plan;

/* Appends the value of a key of a Secret: {"name","key"}. */
int remote_secret(const struct plan *p, const struct json *ref, struct buf *to, struct err *e);

#endif
