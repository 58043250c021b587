/*
 * validate_int - what the files of validate know of each other.
 *
 * One validation is a queue of templates to look at.  It begins with the entrypoint; a call in a
 * template's body checks the arguments, and queues the callee unless that was done before.  So
 * neither recursion of templates nor long chains of them cost stack, and each template is looked at
 * once.
 */
#ifndef FLOW_ARGO_VALIDATE_INT_H
#define FLOW_ARGO_VALIDATE_INT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "flow/argo/validate.h"

struct json;

/* Names that a tag may have.  A name not found is asked of the parent. */
struct scope {
    struct map names;
    const struct scope *parent;
    unsigned any; /* enum scope_any */
};

enum scope_any {
    SCOPE_ANY_ITEM = 1 << 0,             /* item.*: of a withParam */
    SCOPE_ANY_OUTPUT_PARAMETER = 1 << 1, /* workflow.outputs.parameters.*: a templated globalName */
    SCOPE_ANY_OUTPUT_ARTIFACT = 1 << 2,  /* workflow.outputs.artifacts.* */
    /* workflow.parameters.*, labels.* and annotations.*: whoever uses a template object has them.
     */
    SCOPE_ANY_WORKFLOW_PARAMETER = 1 << 3,
    SCOPE_ANY_WORKFLOW_METADATA = 1 << 4,
};

/* An object whose templates can be called by bare name. */
struct origin {
    struct origin *next;
    const char *key;         /* "" for the object validated, else "n/NAME" or "c/NAME" */
    const struct json *spec; /* the WorkflowSpec */
    bool local;              /* values are of the document, so that they have positions */
    struct map templates;    /* name to template; the first of equal names */
};

enum body {
    BODY_NONE,
    BODY_CONTAINER,
    BODY_CONTAINER_SET,
    BODY_STEPS,
    BODY_SCRIPT,
    BODY_RESOURCE,
    BODY_DAG,
    BODY_SUSPEND,
    BODY_DATA,
    BODY_HTTP,
    BODY_PLUGIN,
    BODY_COUNT,
};

/* A template to look at. */
struct visit {
    const struct json *template;
    struct origin *origin;
    struct str name; /* "" for one that is written inline */
    enum body body;
    const char *prefix; /* "templates.main.steps[0].a ": who called it */
};

struct validate {
    const struct validate_options *options;
    struct problems *problems;
    const struct json_doc *doc;
    struct arena arena;
    struct scope globals;
    struct origin *origins, *root;
    VEC(struct visit) queue;
    size_t next;
    struct map seen;             /* templates that are or were queued, by address */
    const char *prefix;          /* put before every message */
    VEC(struct json_doc *) docs; /* arguments put together here */
    const struct json *given;    /* the options' arguments, while the spec's own are looked at */
};

/* A problem at a value of the origin; the text gets the current prefix. */
void validate_say(struct validate *v, const struct origin *o, const struct json *at,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void validate_warn(struct validate *v, const struct origin *o, const struct json *at,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A text that lives as long as the validation. */
const char *validate_text(struct validate *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* validate_scope.c */
void scope_add(struct scope *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void scope_done(struct scope *s);
#define cleanup_scope __attribute__((cleanup(scope_done)))
/* Reports every tag in a value (but not below the fields in `except`, a NULL-terminated list or
 * NULL) that has no value in the scope, as "<where>failed to resolve {{x}}". */
void scope_check(struct validate *v, const struct origin *o, const struct scope *s,
                 const struct json *value, const char *const *except, const char *where);
/* Reports an expression that does not compile; one with tags in it is left for later. */
void scope_check_expression(struct validate *v, const struct origin *o, const struct json *text,
                            const char *where);
/* Whether the text is, or has in it, a plain tag. */
bool scope_is_tag(struct str text);

/* validate_args.c */
/* Reports items of a list whose names are missing, malformed or not unique. */
void validate_names(struct validate *v, const struct origin *o, const struct json *list,
                    bool parameters, const char *where);
/* NULL, or what is expected of a name. */
const char *validate_parameter_name(struct str name);
const char *validate_field_name(struct str name);
/* Reports arguments without a value or location. */
void validate_arguments(struct validate *v, const struct origin *o, const struct json *arguments,
                        bool allow_empty, const char *where);
/* The names in a list, for many look-ups; the caller's to free. */
struct map validate_name_set(const struct json *list);
const struct json *validate_find(const struct json *list, struct str name);
bool validate_has_location(const struct json *artifact);
void validate_location(struct validate *v, const struct origin *o, const struct json *location,
                       const char *where);

/* validate_call.c */
struct callee {
    const struct json *template; /* NULL: not to be known now */
    struct origin *origin;
};

/* The arguments of a call that nobody knows yet: everything counts as supplied. */
extern const struct json *const validate_unknown_arguments;

struct origin *validate_origin(struct validate *v, const char *key, const struct json *spec,
                               bool local);
/* The origin of a WorkflowTemplate that can be fetched, or NULL. */
struct origin *validate_fetch(struct validate *v, bool cluster, struct str name);
/* Resolves the template of a step, task or hook, checks its arguments, and queues it.  `where` is
 * what to put before messages. */
struct callee validate_call(struct validate *v, struct origin *o, const struct json *holder,
                            const struct json *arguments, const char *where);
/* The template of a step or task, without a word if there is none. */
struct callee validate_peek(struct validate *v, struct origin *o, const struct json *holder);
/* The same by name, for entrypoints. */
struct callee validate_call_name(struct validate *v, struct origin *o, struct str name,
                                 const struct json *at, const struct json *arguments,
                                 const char *where);
/* Hooks of a step, a task or the workflow. */
void validate_hooks(struct validate *v, struct origin *o, const struct json *hooks,
                    const char *where);
/* Looks at the queued templates until there are none. */
void validate_drain(struct validate *v);

/* validate_template.c */
enum body validate_body(const struct json *template, unsigned *ret_count);
const char *validate_body_name(enum body body); /* "Container" */
void validate_template(struct validate *v, const struct visit *at);

/* validate_leaf.c, validate_steps.c, validate_dag.c, validate_output.c */
void validate_leaf(struct validate *v, const struct visit *at, const struct scope *scope);
void validate_steps(struct validate *v, const struct visit *at, struct scope *scope);
void validate_dag(struct validate *v, const struct visit *at, struct scope *scope);
void validate_outputs(struct validate *v, const struct visit *at, const struct scope *scope);
/* Adds what later steps and tasks may name of one: "steps.a" and the template it calls.  Of a
 * template that is not known (NULL) they may name anything. */
void validate_add_outputs(struct scope *s, const struct json *template, const char *prefix,
                          bool aggregate);
/* Adds `item` and its fields for a loop; reports several loops at once. */
void validate_add_items(struct validate *v, const struct origin *o, const struct json *step,
                        struct scope *s, const char *where);
bool validate_is_loop(const struct json *step);

/* validate_globals.c */
/* Names that exist in every run, and those of the object's labels and annotations. */
void validate_add_globals(struct validate *v, const struct json *metadata);
/* Names that a spec gives: its parameters, metadata and global outputs. */
void validate_add_spec(struct validate *v, const struct json *spec);
void validate_add_parameters(struct validate *v, const struct json *parameters);

/* validate_cron.c */
void validate_cron(struct validate *v, const struct json *object);

#endif
