/*
 * kindverbs - commands whose first word is a verb on objects of a server: `sluice cron list`,
 * `sluice template get NAME...`.
 *
 * A command has a table of verbs, and says of its kind what its table and its screen show; list,
 * get, create, update, lint and delete are the same for every kind and stand here.
 *
 * Main thread only; calls block.  Errors are the server's, or those of serverlink.h.
 */
#ifndef CLI_KINDVERBS_H
#define CLI_KINDVERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cli/lint.h"
#include "cli/option.h"
#include "cli/workflowprint.h"

struct buf;
struct cli;
struct err;
struct json;
struct json_doc;
struct listtable;
struct serverlink;

/* A kind of argoproj.io/v1alpha1. */
struct kindverbs_kind {
    const char *kind, *plural; /* "CronWorkflow", "cronworkflows" */
    bool of_cluster;           /* has no namespace */
    /* The table's columns after NAMESPACE; the first is NAME.  NULL ends them. */
    const char *const *heads;
    void (*row)(struct listtable *t, size_t column, const struct json *object, int64_t now_us);
    void (*screen)(struct buf *to, const struct json *object, int64_t now_us);
    /* What the command's flags make of an object that is created or updated; *ret is the caller's
     * to unref.  NULL: nothing. */
    int (*adapt)(const struct cli *c, const struct json *object, struct json_doc **ret,
                 struct err *e);
};

/* One use of a command. */
struct kindverbs {
    struct cli *c;
    struct serverlink *link;
    const struct kindverbs_kind *kind; /* NULL: its verbs need none */
    enum workflowprint_form form;
    bool bad; /* exit with CLI_FAILED, though nothing went wrong here */
};

struct kindverbs_verb {
    const char *name;
    const char *operands; /* "FILE...", "NAME..."; NULL: it takes none, and runs once with NULL */
    int (*run)(struct kindverbs *v, const char *operand, struct err *e);
    /* In place of that, without a server: all operands from the second one on; an exit code. */
    int (*run_local)(struct cli *c, const struct kindverbs_kind *kind);
};

/* The flags of every such command; OPTION_END follows. */
extern const char *const kindverbs_forms[];
#define KINDVERBS_OUTPUT \
    { \
        .name = "output", .letter = 'o', .argument = "FORM", .choices = kindverbs_forms, \
        .help = "print json, yaml or name in place of tables and screens; " \
                "lint: pretty or simple" \
    }
#define KINDVERBS_ALL_NAMESPACES \
    { \
        .name = "all-namespaces", .letter = 'A', .help = "list: of all namespaces" \
    }
/* The flags of those with a kind. */
#define KINDVERBS_OPTIONS \
    KINDVERBS_OUTPUT, LINT_STRICT, \
        {.name = "selector", \
         .letter = 'l', \
         .argument = "SELECTOR", \
         .help = "list: those with these labels"}, \
    { \
        .name = "all", .help = "delete: every one" \
    }

/* Runs the verb that the first operand names, once for each further one; an exit code.  A row
 * without a name ends the table; c->command->choices has the same names. */
int kindverbs_run(struct cli *c, const struct kindverbs_kind *k,
                  const struct kindverbs_verb *verbs);

/* Verbs of a kind, for the tables. */
int kindverbs_list(struct kindverbs *v, const char *none, struct err *e);
int kindverbs_get(struct kindverbs *v, const char *name, struct err *e);
int kindverbs_create(struct kindverbs *v, const char *file, struct err *e);
int kindverbs_update(struct kindverbs *v, const char *file, struct err *e);
int kindverbs_delete(struct kindverbs *v, const char *name, struct err *e); /* NULL: --all */
int kindverbs_lint(struct cli *c, const struct kindverbs_kind *kind);

/* The rows of those verbs. */
#define KINDVERBS_VERBS \
    {"create", "FILE...", kindverbs_create, NULL}, {"delete", "NAME...", kindverbs_delete, NULL}, \
        {"get", "NAME...", kindverbs_get, NULL}, {"lint", "FILE...", NULL, kindverbs_lint}, \
        {"list", NULL, kindverbs_list, NULL}, \
    { \
        "update", "FILE...", kindverbs_update, NULL \
    }

/* One request on the object of that name (NULL: on the collection) in the command's namespace. */
int kindverbs_ask(struct kindverbs *v, const char *method, const char *name,
                  const struct json *body, struct json_doc **ret, struct err *e);

/* Lines of a screen: the title padded to `width`, then the text; none for an empty text or 0. */
void kindverbs_put_line(struct buf *to, int width, const char *title, struct str text);
void kindverbs_put_moment(struct buf *to, int width, const char *title, int64_t at_us,
                          int64_t now_us);

#endif
