/*
 * inroot - paths inside a root that is not ours.
 *
 * Every look-up stays in the directory `root`: an absolute path begins there, a link to "/etc" is
 * the root's etc, and ".." cannot leave it (openat2, RESOLVE_IN_ROOT).  Any thread.
 */
#ifndef SANDBOX_INROOT_H
#define SANDBOX_INROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct err;

/* The directory at `path`, made (0755, with its parents) if it is missing.  An O_PATH descriptor.
 */
int inroot_directory(int root, const char *path, struct err *e);
/* The file or directory at `path` for a mount over it; made empty if it is missing. */
int inroot_target(int root, const char *path, bool directory, struct err *e);
/* Writes a file with its parents; replaces one that is there. */
int inroot_write(int root, const char *path, struct str content, mode_t mode, struct err *e);
/* What a volume's subPath means: beneath `root`, whatever links say; a missing one becomes a
 * directory.  ERR_FORBIDDEN for one that leads out. */
int inroot_sub_path(int root, const char *path, struct err *e);

#endif
