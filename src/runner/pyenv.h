/*
 * pyenv - Python environments that a step may write to, each built once.
 *
 *   DIR/<hash>/venv    a virtual environment, at the path at which pods see it (its scripts
 *                            name that path)
 *   DIR/<hash>/ready   published by rename when it is complete; one without is built again
 *   DIR/<hash>.lock    held while it is being built, by builder and interpreter
 *
 * The hash covers the interpreter's path, version, size and time of change.  A virtual environment
 * has no EXTERNALLY-MANAGED mark, so pip may write to it; a step does that in its private layer.
 *
 * Blocks (building takes seconds); for job threads.
 */
#ifndef RUNNER_PYENV_H
#define RUNNER_PYENV_H

struct arena;
struct err;

struct pyenv {
    const char *path;        /* of the environment, absolute */
    const char *prefix;      /* the interpreter's own tree, to be seen at the same path */
    const char *version;     /* "3.11" */
    const char *description; /* for people: "python 3.11 (/usr/bin/python3.11)" */
    const char *id;          /* the hash */
};

/* `dir` holds all environments; `target` as in struct image.  Text lives in the arena.
 * ERR_NOTFOUND if no interpreter fits. */
int pyenv_ensure(const char *dir, const char *target, struct arena *a, struct pyenv *ret,
                 struct err *e);

/* pyenv_own.c.  An environment of a step's own at the path `dir`, which must not exist, for steps
 * that have no layer: what the other one holds is found behind it, what pip installs goes into it.
 */
int pyenv_make_own(const struct pyenv *below, const char *dir, struct arena *a, struct pyenv *ret,
                   struct err *e);
/* The commands pip and pip3 of an environment. */
int pyenv_write_pip(const char *venv, struct err *e);

#endif
