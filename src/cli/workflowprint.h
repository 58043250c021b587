/*
 * workflowprint - a workflow as a command prints it: the screen of `argo get`, or a form of -o.
 *
 * Main thread only; nothing fails.
 */
#ifndef CLI_WORKFLOWPRINT_H
#define CLI_WORKFLOWPRINT_H

#include <stdbool.h>

struct cli;
struct err;
struct json;
struct selector;

enum workflowprint_form {
    WORKFLOWPRINT_SCREEN, /* no -o */
    WORKFLOWPRINT_SHORT,  /* the tree alone, with the machine of each pod */
    WORKFLOWPRINT_WIDE,   /* the screen, with more columns */
    WORKFLOWPRINT_JSON,
    WORKFLOWPRINT_YAML,
    WORKFLOWPRINT_NAME,
};

/* The flag --output, for the commands' tables. */
extern const char *const workflowprint_forms[]; /* ends with NULL */
#define WORKFLOWPRINT_OUTPUT \
    { \
        .name = "output", .letter = 'o', .argument = "FORM", .choices = workflowprint_forms, \
        .help = "print json, yaml, name, short or wide in place of the screen" \
    }

/* The flags --status and --node-field-selector: which nodes the screen shows. */
#define WORKFLOWPRINT_NODES \
    {.name = "status", .argument = "PHASE", .help = "show only nodes in this phase"}, \
    { \
        .name = "node-field-selector", .argument = "SELECTOR", \
        .help = "show only these nodes: displayName=a, phase!=Succeeded, ..." \
    }

/* What --output says.  False after a complaint: exit with CLI_USAGE. */
bool workflowprint_form(struct cli *c, enum workflowprint_form *ret);
/* The selector that the flags of WORKFLOWPRINT_NODES make; *ret is NULL without them, else the
 * caller's.  ERR_BADREQUEST if it cannot be read. */
int workflowprint_nodes(const struct cli *c, struct selector **ret, struct err *e);

void workflowprint(struct cli *c, const struct json *workflow, enum workflowprint_form form);
/* The same; a screen shows only the nodes that the selector chooses (NULL: all). */
void workflowprint_some(struct cli *c, const struct json *workflow, enum workflowprint_form form,
                        const struct selector *nodes);
/* Clears the terminal and shows the screen, as `argo watch` does; elsewhere than on a terminal it
 * is only printed. */
void workflowprint_again(struct cli *c, const struct json *workflow, const struct selector *nodes);

#endif
