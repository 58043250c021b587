/*
 * tag - the template engine: {{name}} and {{=expression}} in text.
 *
 * A tag runs from "{{" to the next "}}".  What begins with "=" is an expression (expr.h); anything
 * else is a name, and white space around it does not count.  In "{{a-{{b}}}}" the end found first
 * belongs to the innermost beginning, so b is replaced in one pass and the rest in the next
 * (tag_settle makes as many passes as the nesting needs).  What was put in is never looked at again
 * in the same pass.  "{{" without an end is text, as in many a script, unless all must be known.
 *
 * Not everything is known when a template is first filled in (a loop's item, the outputs of other
 * steps, the status for an exit handler), so an unknown tag normally stays as it is, for a later
 * pass; `strict` names what must be known by now.  An expression stays too if it mentions an
 * unknown name and has no value without it; if it mentions one of the late names (item, retries,
 * lastRetry.*, workflow.status, workflow.failures) it is not even tried.  An expression whose names
 * are all known must have a value: its failure is an error.
 *
 * Upstream substitutes in the JSON text of a whole template.  Walking the tree and substituting in
 * each string (tag_substitute_json) gives the same without escaping, is safe from values that
 * contain quotes, and is what new code should use; tag_substitute with `json_text` is the other.
 *
 * Time is linear in text and result; the result has a limit (TAG_MAX_RESULT or max_bytes).
 * Pure; any thread.
 */
#ifndef DATA_TAG_H
#define DATA_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "data/expr.h"

struct buf;
struct err;
struct json;
struct json_doc;
struct tag_cache;

enum {
    TAG_MAX_RESULT = 64 * 1024 * 1024, /* bytes of one substituted text or tree */
    TAG_MAX_PASSES = 10,               /* of tag_settle */
};

struct tag_options {
    const struct expr_env *env; /* NULL: nothing is known */
    /* Names that must be known, and beginnings of such up to a dot: {"inputs", "tasks", NULL}.
     * NULL: none. */
    const char *const *strict;
    bool strict_all;         /* every name must be known */
    bool spare_artifacts;    /* names with ".outputs.artifacts." may stay even if strict */
    bool json_text;          /* the text is JSON: escape values, unescape expressions */
    bool no_expressions;     /* leave {{=...}} alone */
    size_t max_bytes;        /* of the result; 0: TAG_MAX_RESULT */
    struct tag_cache *cache; /* compiled expressions; NULL: compile each time */
    /* Called for each tag that stays; may be NULL.  `name` is trimmed, and for an expression the
     * first unknown name in it. */
    void (*unresolved)(void *arg, struct str name, bool expression);
    void *arg;
};

/* Compiled expressions by their text, so that a loop's template compiles once.  Holds at most 1,000
 * and then starts afresh.  Belongs to one thread. */
struct tag_cache *tag_cache_new(void);
void tag_cache_free(struct tag_cache *c); /* NULL is fine */

/* One pass over the text, added to `to`.  Returns how many tags stayed, or ERR_INVALID: "failed to
 * resolve {{x}}", "failed to evaluate expression: ..."; ERR_TOOLARGE for the limit. */
int tag_substitute(struct str text, const struct tag_options *o, struct buf *to, struct err *e);
/* Passes until nothing changes any more, for nested tags. */
int tag_settle(struct str text, const struct tag_options *o, struct buf *to, struct err *e);

/* One pass over every string and every key of a tree; *ret is a new document (the same one, shared,
 * is never handed back).  Returns how many tags stayed, or an error whose text begins with the path
 * of the string at fault. */
int tag_substitute_json(const struct json *in, const struct tag_options *o, struct json_doc **ret,
                        struct err *e);

/* Whether the text has a tag at all: cheap, for skipping what has none. */
bool tag_present(struct str text);

/* One tag after another, innermost ones only, for validation:
 *     struct tag_each it = {.text = text};
 *     while (tag_next(&it)) use(it.name, it.expression);
 */
struct tag_each {
    struct str text;
    size_t at;       /* where the next search starts */
    size_t offset;   /* of this tag's "{{" */
    struct str name; /* trimmed; of an expression what follows "=" */
    bool expression;
    bool nested;   /* inside of another tag's name */
    bool unclosed; /* the last one: "{{" without "}}"; tag_next returned false */
};
bool tag_next(struct tag_each *it);

#endif
