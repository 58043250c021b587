/*
 * help - texts made from the tables of commands, flags and settings.
 *
 * `sluice help`, `sluice help COMMAND` and `--help` of every command print them.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

struct cli;
struct cli_command;
struct option;

/* What the program is and its commands. */
void help_overview(const struct cli *c, FILE *to);
/* One command to c->out: how it is called, its flags, the common ones, the settings it takes. */
void help_of(const struct cli *c, const struct cli_command *m);

#endif
