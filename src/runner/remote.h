/*
 * remote - artifacts that are elsewhere: behind a URL, in a git repository.
 *
 * What is to be had stands in the pod's annotation (runner/podio.h) in Argo's form:
 *   http: {"url","headers":[{"name","value"}],"auth":{"basicAuth":{"usernameSecret":{"name","key"},
 *          "passwordSecret":{"name","key"}}}}
 *   git:  {"repo","revision"?,"branch"?,"singleBranch"?,"depth"?,"fetch":[],"disableSubmodules"?,
 *          "usernameSecret"?,"passwordSecret"?,"sshPrivateKeySecret"?,"insecureIgnoreHostKey"?}
 * Secrets come with the plan.  git is the machine's own program; it is given no terminal, no hooks
 * and no protocols but https, http, ssh and git.
 *
 * Blocks; for job threads.
 */
#ifndef RUNNER_REMOTE_H
#define RUNNER_REMOTE_H

#include <stdint.h>

struct err;
struct json;
struct plan;

#define REMOTE_BYTES_MAX (INT64_C(16) * 1024 * 1024 * 1024) /* of one answer */

/* Writes what the URL gives into a new file.  ERR_NOTFOUND: the server says 404. */
int remote_get(const struct plan *p, const struct json *http, const char *to, struct err *e);
/* Sends a file there (PUT). */
int remote_put(const struct plan *p, const struct json *http, int from, struct err *e);
/* Makes a new directory with the repository's files. */
int remote_clone(const struct plan *p, const struct json *git, const char *to, struct err *e);

#endif
