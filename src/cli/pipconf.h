/*
 * pipconf - pip's configuration files, read as pip reads them.
 *
 *   auto   /etc/xdg/pip/pip.conf, /etc/pip.conf, ~/.pip/pip.conf, ~/.config/pip/pip.conf (or where
 *          XDG_CONFIG_DIRS and XDG_CONFIG_HOME say); before all of them the one that
 *          PIP_CONFIG_FILE names, which takes the place of the user's; none if that is /dev/null
 *   none   nothing
 *   PATH   that file alone
 *
 * Later files replace single options of earlier ones, [install] those of [global]
 * (pip._internal.configuration, pip._internal.cli.parser).  The format is that of Python's
 * configparser: "option = value" or "option: value", indented lines go on with the value, lines
 * that begin with # or ; are comments.
 *
 * Options that name places of this machine for pip to write to (target, user, cache-dir, ...) are
 * left out: a pod has places of its own.  Blocks; any thread.
 */
#ifndef CLI_PIPCONF_H
#define CLI_PIPCONF_H

#include <stdbool.h>

#include "base/str.h"
#include "cli/settings.h"

struct err;

struct pipconf {
    settings_pairs options; /* names as pip's long options: "index-url" */
    settings_list files;    /* that were read */
};

/* `choice` is the setting pip_config; `environment` is "NAME=value", ended by NULL.  A file that
 * was named must be there and well-formed; of those that "auto" finds one that is not is passed
 * over with a warning. */
int pipconf_load(const char *choice, const char *const *environment, struct pipconf *ret,
                 struct err *e);
void pipconf_done(struct pipconf *p);
#define cleanup_pipconf __attribute__((cleanup(pipconf_done)))

/* The option says where pip is to write, or what it is to run. */
bool pipconf_is_place(struct str option);

#endif
