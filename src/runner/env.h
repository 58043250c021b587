/*
 * env - a container's environment, command and arguments.
 *
 * Order: base (PATH, HOME, ...), Services (serviceenv.h), envFrom, env; a later one of the same
 * name replaces the earlier.
 * $(NAME) in values, command and arguments stands for what is defined so far; $$ for a dollar; an
 * unknown name stays as it is (k8s.io/kubernetes/third_party/forked/golang/expansion).
 *
 * Failures are those that kubelet calls CreateContainerConfigError, with its texts.  Any thread.
 */
#ifndef RUNNER_ENV_H
#define RUNNER_ENV_H

#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

struct arena;
struct err;
struct json;
struct plan;
struct podspec;
struct podspec_container;
struct source_machine;

struct env_var {
    struct str name, value;
};
typedef VEC(struct env_var) env_vars; /* text in the arena; vec_done() by the caller */

/* Sets (or replaces) a variable. */
void env_set(env_vars *vars, struct str name, struct str value);

/* Adds envFrom and env of the container to what *vars holds. */
int env_build(const struct plan *p, const struct podspec *s, const struct podspec_container *c,
              const struct source_machine *m, struct arena *a, env_vars *vars, struct err *e);

/* $(NAME) replaced; the text lives in the arena. */
const char *env_expand(const env_vars *vars, struct str text, struct arena *a);
/* A list of texts, each expanded; NULL-terminated. */
const char **env_expand_list(const env_vars *vars, const struct json *list, struct arena *a,
                             size_t *ret_n);
/* "NAME=value", NULL-terminated, in the arena. */
const char **env_block(const env_vars *vars, struct arena *a);

#endif
