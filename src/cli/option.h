/*
 * option - flags on a command line.
 *
 * A command's flags are a table; parsing, `--help` and the check that nothing is
 * misspelt all read it.  The usual forms are understood: --name VALUE,
 * --name=VALUE, -n VALUE, -nVALUE, bundled switches (-qv), and -- as the end of
 * the flags.  Flags and operands may be mixed.  A switch has --no-NAME too.
 *
 * The texts are borrowed from argv.  One thread at a time.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

struct option {
    const char *name;           /* without dashes; '-' and '_' are the same */
    char letter;                /* 0: none */
    const char *argument;       /* what stands behind it in help ("FILE"); NULL: a switch */
    const char *help;           /* one sentence, no full stop */
    const char *const *choices; /* words that the value may be; ends with NULL; NULL: any */
    bool repeats;               /* may be given more than once; otherwise the last one counts */
};

/* Tables end with an entry without a name. */
#define OPTION_END \
    { \
        .name = NULL \
    }

struct options; /* what was parsed */

/* Parses argv[first..argc) by up to two tables (either may be NULL).  ERR_BADREQUEST names the flag
 * at fault, and the nearest known one for a misspelt flag.  `argv` must outlive the result. */
int options_parse(const struct option *own, const struct option *common, int argc,
                  char *const *argv, int first, struct options **ret, struct err *e);
void options_free(struct options *o); /* NULL is fine */

bool option_given(const struct options *o, const char *name);
/* Of a switch: its last form, --name or --no-name; `otherwise` if it was not given. */
bool option_switch(const struct options *o, const char *name, bool otherwise);
/* The last value, or NULL. */
const char *option_value(const struct options *o, const char *name);
/* All values, one after another: start with *at = 0; NULL at the end. */
const char *option_next(const struct options *o, const char *name, size_t *at);

/* What is left when the flags are gone. */
size_t option_operand_count(const struct options *o);
const char *option_operand(const struct options *o, size_t i); /* NULL beyond the last */

/* A name as it is written on a command line: "--log-limit". */
void option_put_flag(struct buf *to, const char *name);
/* The flag of the table that a word names ("--output", "-o", "--output=tree", "--no-color"), or
 * NULL; then *ret_value is the text behind '=', or NULL if there is none. */
const struct option *option_find(const struct option *table, const char *word,
                                 const char **ret_value);

/* The lines of help for a table, aligned. */
void option_help(struct buf *to, const struct option *table);

/* The one of `names` that is nearest to `given` and near enough to be meant, or NULL. */
const char *option_nearest(const char *given, const char *const *names, size_t count);

#endif
