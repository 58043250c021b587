/*
 * kindverbs - commands whose first word is a verb on objects of a server: `sluice cron list`,
 * `sluice template get NAME...`.
 *
 * A command has a table of verbs, and says of its kind what its table and its screen show; list,
 * get, create and delete are the same for every kind and stand here.
 *
 * Main thread only; calls block.  Errors are the server's, or those of serverlink.h.
 */
#ifndef CLI_KINDVERBS_H
#define CLI_KINDVERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
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
    const char *none;          /* "No cron workflows found" */
    bool of_cluster;           /* has no namespace */
    /* The table's columns after NAMESPACE; the first is NAME.  NULL ends them. */
    const char *const *heads;
    void (*row)(struct listtable *t, size_t column, const struct json *object, int64_t now_us);
    void (*screen)(struct buf *to, const struct json *object, int64_t now_us);
};

/* One use of a command. */
struct kindverbs {
    struct cli *c;
    struct serverlink *link;
    const struct kindverbs_kind *kind; /* NULL: its verbs need none */
    enum workflowprint_form form;
};

struct kindverbs_verb {
    const char *name;
    const char *operands; /* "FILE...", "NAME..."; NULL: it takes none, and runs once with NULL */
    int (*run)(struct kindverbs *v, const char *operand, struct err *e);
};

/* The flags of every such command; OPTION_END follows. */
#define KINDVERBS_OUTPUT \
    { \
        .name = "output", .letter = 'o', .argument = "FORM", .choices = workflowprint_forms, \
        .help = "list, get, create: print json, yaml or name" \
    }
#define KINDVERBS_ALL_NAMESPACES \
    { \
        .name = "all-namespaces", .letter = 'A', .help = "list: of all namespaces" \
    }

/* Runs the verb that the first operand names, once for each further one; an exit code.  A row
 * without a name ends the table; c->command->choices has the same names. */
int kindverbs_run(struct cli *c, const struct kindverbs_kind *k,
                  const struct kindverbs_verb *verbs);

/* Verbs of a kind, for the tables. */
int kindverbs_list(struct kindverbs *v, const char *none, struct err *e);
int kindverbs_get(struct kindverbs *v, const char *name, struct err *e);
int kindverbs_create(struct kindverbs *v, const char *file, struct err *e);
int kindverbs_delete(struct kindverbs *v, const char *name, struct err *e);

/* One request on the object of that name (NULL: on the collection) in the command's namespace. */
int kindverbs_ask(struct kindverbs *v, const char *method, const char *name,
                  const struct json *body, struct json_doc **ret, struct err *e);

/* Lines of a screen: the title padded to `width`, then the text; none for an empty text or 0. */
void kindverbs_put_line(struct buf *to, int width, const char *title, struct str text);
void kindverbs_put_moment(struct buf *to, int width, const char *title, int64_t at_us,
                          int64_t now_us);

#endif
