/*
 * podpython - what of this machine's settings Python pods get: variables, and files these name.
 *
 * From the least to the most: pip's configuration files (the setting pip_config), the variables
 * that the setting environment names, the setting pip.  pip reads all of them as variables
 * (PIP_INDEX_URL for index-url), so a pod needs no file of its own for them.
 *
 * A certificate or a directory of packages that one of them names is bound read-only at the same
 * path, unless steps see it anyway.  What would show a step the user's home directory or the data
 * directory as a whole is not, with a warning.
 */
#ifndef CLI_PODPYTHON_H
#define CLI_PODPYTHON_H

#include "base/vec.h"
#include "cli/settings.h"

struct buf;
struct err;

typedef VEC(const char *) podpython_words; /* owned texts, ended by NULL */

struct podpython {
    podpython_words variables; /* "NAME=value" */
    podpython_words files;     /* absolute paths */
    settings_list read;        /* pip's configuration files that were read */
};

/* `environment` is the caller's, "NAME=value" and ended by NULL.  ERR_INVALID, ERR_NOTFOUND,
 * ERR_IO: of the file that pip_config names; then *ret is empty. */
int podpython_load(const struct settings *s, const char *const *environment, struct podpython *ret,
                   struct err *e);
void podpython_done(struct podpython *p);
#define cleanup_podpython __attribute__((cleanup(podpython_done)))

/* The variable as it may be shown: passwords in URLs are left out. */
void podpython_show(const char *variable, struct buf *to);

#endif
