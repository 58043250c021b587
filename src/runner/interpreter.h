/*
 * interpreter - the Python interpreters of this machine.
 *
 * Looked for in PATH, in pyenv's versions and in the usual prefixes.  What counts is the file that
 * links lead to: a program (ELF) whose name ends with its version, python3.11.  Scripts, such as
 * pyenv's shims, are none.  Reads directories; any thread.
 */
#ifndef RUNNER_INTERPRETER_H
#define RUNNER_INTERPRETER_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct err;

struct interpreter {
    char *path;   /* resolved: /usr/bin/python3.11 */
    char *prefix; /* base prefix: /usr */
    int major, minor;
    int64_t mtime_ns, size;
};
typedef VEC(struct interpreter) interpreters;

/* All of them, each once. */
void interpreter_find_all(interpreters *ret);
void interpreter_done(interpreters *v);

/* The one that `target` names (a path of an interpreter or prefix), or whose version is nearest to
 * the one that it asks for ("3.9", "3"; NULL: the newest): the same major, the least distance in
 * minors, of two the newer.  Appends it to *ret.  ERR_NOTFOUND. */
int interpreter_choose(const char *target, interpreters *ret, struct err *e);

#endif
