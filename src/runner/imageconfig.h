/*
 * imageconfig - what a directory that stands in for an image runs by itself.
 *
 * The file image.json in the directory says what an image's configuration would:
 * {"Entrypoint": ["program", ...], "Cmd": ["argument", ...]}, both optional.  A container's command
 * takes the place of both, its args that of Cmd.  Reads one small file; any thread.
 */
#ifndef RUNNER_IMAGECONFIG_H
#define RUNNER_IMAGECONFIG_H

#include <stddef.h>

struct arena;
struct err;

#define IMAGECONFIG_FILE "image.json"

struct imageconfig {
    const char **entrypoint; /* entrypoint_n words */
    size_t entrypoint_n;
    const char **cmd;
    size_t cmd_n;
};

/* Text lives in the arena.  Without the file both are empty.  ERR_INVALID naming file and field. */
int imageconfig_read(const char *directory, struct arena *a, struct imageconfig *ret,
                     struct err *e);

#endif
