/*
 * lint - checks manifests without running them: `sluice lint FILE...`.
 *
 * Argo's kinds are checked as the engine would check them, others that the platform knows for their
 * fields.  Templates that one file refers to are looked for in all files given.  Command line only.
 */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli;
struct json;
struct manifest;

struct lint_options {
    bool strict;       /* unknown fields are errors */
    bool simple;       /* one line for each problem, without headings */
    bool color;        /* of the output */
    const char *kinds; /* comma-separated; NULL: all */
    /* About to be run: every argument needs a value, references must be in the files, and a file
     * without objects is a mistake. */
    bool submit;
    bool has_server;          /* references may also lead to objects of a server */
    bool offline;             /* they may not: what is in none of the files is missing */
    const struct json *given; /* arguments of the command line: struct validate_options */
};

struct lint_result {
    size_t objects, errors, warnings;
};

/* Checks everything in the manifest and prints what is wrong to `out`. */
struct lint_result lint_manifest(struct manifest *m, const struct lint_options *options, FILE *out);

/* Checks what is about to be run; if anything is wrong, all of it goes to `err`, one line each, and
 * the result is CLI_FAILED. */
int lint_submission(struct manifest *m, const struct lint_options *options, FILE *err);

/* For the tables of commands that have a `lint`. */
extern const char *const lint_formats[]; /* "pretty", "simple"; ends with NULL */
#define LINT_STRICT \
    { \
        .name = "strict", .argument = "BOOL", \
        .help = "true (default): unknown fields are errors; false: they are accepted", \
        .choices = lint_booleans \
    }
extern const char *const lint_booleans[];

/* Checks the files that the operands from `first` on name, and prints what is wrong; an exit code.
 * `which`: kinds, as --kinds has them; NULL: all.  The command has the flags --strict and --output.
 */
int lint_operands(struct cli *c, size_t first, const char *which, bool offline);

#endif
