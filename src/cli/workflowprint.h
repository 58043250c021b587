/*
 * workflowprint - a workflow as a command prints it: the screen of `argo get`, or a form of -o.
 *
 * Main thread only; nothing fails.
 */
#ifndef CLI_WORKFLOWPRINT_H
#define CLI_WORKFLOWPRINT_H

#include <stdbool.h>

struct buf;
struct cli;
struct json;

enum workflowprint_form {
    WORKFLOWPRINT_SCREEN, /* no -o, "wide" or "short" */
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

/* What --output says.  False after a complaint: exit with CLI_USAGE. */
bool workflowprint_form(struct cli *c, enum workflowprint_form *ret);
void workflowprint(struct cli *c, const struct json *workflow, enum workflowprint_form form);
/* Clears the terminal and shows the screen, as `argo watch` does; elsewhere than on a terminal it
 * is only printed. */
void workflowprint_again(struct cli *c, const struct json *workflow);

#endif
