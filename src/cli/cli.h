/*
 * cli - the command line: one table of commands, one file for each.
 *
 * A command is a `const struct cli_command NAME_command` in src/cli/NAME.c and a
 * row in cli.c.  Its name, arguments, help and flags are data, from which
 * `sluice help`, `sluice NAME --help` and the messages about wrong use are made.
 * When run() is called, the flags are parsed and known to be right, the settings
 * are loaded (if it uses them), and the log level is set.
 *
 *     static int
 *     lint_run(struct cli *c)
 *     {
 *         for (size_t i = 0; i < option_operand_count(c->options); i++)
 *             ...
 *     }
 *
 *     const struct cli_command lint_command = {
 *         .name = "lint", .arguments = "FILE...", .help = "check workflows without running them",
 *         .options = options, .min_operands = 1, .max_operands = CLI_ANY, .run = lint_run,
 *     };
 *
 * Results go to c->out, everything else to c->err.  Main thread only.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/color.h"

struct err;
struct option;
struct options;
struct settings;
struct cli;

/* What a process ends with. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum { CLI_ANY = -1 };

struct cli_command {
    const char *name;
    const char *arguments;          /* as help shows them: "FILE..."; NULL: none */
    const char *const *choices;     /* words that an operand may be, for completion; ends with NULL;
                                       NULL: any */
    const char *help;               /* one line, lower case, no full stop */
    const char *details;            /* paragraphs for --help, or NULL */
    const struct option *options;   /* ends with OPTION_END; NULL: none */
    int min_operands, max_operands; /* checked before run(); CLI_ANY: no maximum */
    bool settings;                  /* takes the flags of the settings and loads them */
    int (*run)(struct cli *c);      /* an exit code */
};

struct cli {
    const struct cli_command *command;
    struct options *options;
    struct settings *settings; /* NULL unless the command uses them */
    FILE *out, *err;
    bool out_color, err_color;
};

/* The whole program: finds the command, runs it, returns the exit code. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* "sluice run: <message>", with a position if the error has one; returns CLI_FAILED. */
int cli_fail(struct cli *c, const struct err *e);
/* Wrong use: the message, then where to find help; returns CLI_USAGE. */
int cli_usage(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The commands, in the order of help; a NULL follows. */
const struct cli_command *const *cli_commands(void);
/* The flags that every command takes. */
const struct option *cli_common_options(void);
/* Says that there is no such command, and the nearest one; returns CLI_USAGE. */
int cli_unknown_command(struct cli *c, const char *given);
/* By name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

/* Where sluice-init is: beside this program, or in libexec/sluice as `make install` puts it.  The
 * caller frees.  NULL with ERR_NOTFOUND naming the places. */
char *cli_init_path(struct err *e);

#endif
