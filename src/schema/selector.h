/*
 * selector - label and field selectors.
 *
 * Text forms, as kubectl -l and --field-selector send them:
 *     a=b   a==b   a!=b   a   !a   a in (x, y)   a notin (x, y)   n>5   n<5       joined by commas
 * and the JSON form of a LabelSelector {matchLabels, matchExpressions}.  A selector without
 * requirements matches everything.
 *
 * Immutable once made; any thread may match with it.
 */
#ifndef SCHEMA_SELECTOR_H
#define SCHEMA_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct buf;
struct err;
struct json;
struct selector;

enum selector_op {
    SELECTOR_IN,     /* equality is `in` with one value */
    SELECTOR_NOT_IN, /* also true where the key is absent */
    SELECTOR_EXISTS,
    SELECTOR_MISSING,
    SELECTOR_GREATER, /* of integers; false where either is none */
    SELECTOR_LESS,
};

struct selector_term {
    struct str key;
    enum selector_op op;
    const struct str *values;
    size_t value_count;
};

/* Keys and values must be valid labels: ERR_BADREQUEST else, with the position in words. */
int selector_parse(struct str text, struct selector **ret, struct err *e);
/* Only =, == and !=; keys are field paths ("metadata.name") and values any text (\ escapes). */
int selector_parse_fields(struct str text, struct selector **ret, struct err *e);
/* From a LabelSelector object; absent or null matches everything.  ERR_INVALID if malformed. */
int selector_from_json(const struct json *label_selector, struct selector **ret, struct err *e);
void selector_free(struct selector *s); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct selector *, selector_free)
#define cleanup_selector CLEANUP(selector_free)

/* `labels` is an object of texts, or NULL for none. */
bool selector_matches(const struct selector *s, const struct json *labels);
/* The same with a function that gives a key's value, STR_NULL for absent. */
typedef struct str selector_value_fn(void *arg, struct str key);
bool selector_matches_fn(const struct selector *s, selector_value_fn *value, void *arg);

/* Its terms, for whoever turns them into a query. */
size_t selector_count(const struct selector *s);
const struct selector_term *selector_term_at(const struct selector *s, size_t i);
/* The text form, terms in their order. */
void selector_write(const struct selector *s, struct buf *to);

#endif
