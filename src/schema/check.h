/*
 * check - does a value have the fields and types that its schema says?
 *
 * What is found, in the order of the document:
 *   - a field that the type does not have: PROBLEM_UNKNOWN_FIELD, unknown field "spec.foo"
 *   - a value of another type: PROBLEM_TYPE, spec.entrypoint must be a string (got array)
 *   - a number, quantity or time that cannot be read: PROBLEM_TYPE
 *   - a required field that is missing: PROBLEM_REQUIRED
 * null counts as absent, as it does upstream.
 *
 * Only shape is checked here.  What the values mean is for each kind's own validation.
 * Pure; any thread.
 */
#ifndef SCHEMA_CHECK_H
#define SCHEMA_CHECK_H

struct json;
struct json_doc;
struct problems;
struct schema;

enum check_flag {
    CHECK_IGNORE_UNKNOWN = 1 << 0,  /* fieldValidation=Ignore, lint --strict=false */
    CHECK_IGNORE_REQUIRED = 1 << 1, /* patches and other partial objects */
};

/* Checks v, a value of doc (which may be NULL: then positions are 0 and paths start at v). */
void check_value(const struct schema *s, const struct json_doc *doc, const struct json *v,
                 unsigned flags, struct problems *ps);

#endif
