/*
 * jsonpath - finding values in a document by a path.
 *
 * One reader for kubectl's dialects: templates ('{.metadata.name}', with range and
 * literals) and the bare paths of printer columns (.status.conditions[-1:].type).
 * The expression language's jsonpath() has rules of its own (expr_jsonpath.h).
 *
 *     $  @  or nothing            the document; in a filter and a range, @ and nothing are the item
 *     .name  ['name']  ["a","b"]  fields; a backslash before a dot makes it part of a name
 *     [0]  [-1]  [0,2]  [1:3]  [::2]  [-1:]       items; a step must be positive
 *     .*  [*]                     all fields or items
 *     ..name  ..*  ..[0]          the same below every container, itself first
 *     [?(@.x > 1 && @.y)]         items, or fields' values, that satisfy a condition:
 *                                 == != < <= > >= && || ! ( ), literals, paths; a path alone asks
 *                                 whether it exists and is not false or null
 *
 * Values are borrowed from the document.  A path that is absent finds nothing.
 *
 * Pure functions; any thread.
 */
#ifndef DATA_JSONPATH_H
#define DATA_JSONPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"

struct buf;
struct err;
struct jsonpath;

enum {
    JSONPATH_MAX_BYTES = 16 * 1024,         /* of a path or template */
    JSONPATH_MAX_NESTING = 32,              /* of filters and parentheses, and of ranges */
    JSONPATH_MAX_VISITS = 10 * 1000 * 1000, /* values looked at, so that no path runs for minutes */
};

/* ERR_BADREQUEST with the column in the message, or ERR_TOOLARGE. */
int jsonpath_compile(struct str path, struct jsonpath **ret, struct err *e);
void jsonpath_free(struct jsonpath *p);
MEM_DEFINE_CLEANUP(struct jsonpath *, jsonpath_free)
#define cleanup_jsonpath CLEANUP(jsonpath_free)

struct jsonpath_results {
    const struct json **at;
    size_t n, cap;
};
#define JSONPATH_RESULTS_INIT ((struct jsonpath_results){.at = NULL})
void jsonpath_results_done(struct jsonpath_results *r);
#define cleanup_jsonpath_results __attribute__((cleanup(jsonpath_results_done)))

/* Appends what the path finds, in document order.  ERR_TOOLARGE after JSONPATH_MAX_VISITS. */
int jsonpath_find(const struct jsonpath *p, const struct json *root, struct jsonpath_results *to,
                  struct err *e);

/* A kubectl template: text, {paths}, {"literals"}, {range path} ... {end}.  Several results of one
 * path have a space between them; strings are printed bare, containers as JSON; {} is the whole
 * value.  What is absent prints nothing. */
int jsonpath_template(struct str text, const struct json *root, struct buf *to, struct err *e);

#endif
