/*
 * jsonpath_int - a path as its reader leaves it; for the jsonpath*.c files only.
 *
 * Everything lies in the path's arena.  A path is a list of steps; each maps the
 * values found so far to others.  A filter holds a tree of conditions whose leaves
 * are literals and paths.
 */
#ifndef DATA_JSONPATH_INT_H
#define DATA_JSONPATH_INT_H

#include "base/arena.h"
#include "data/jsonpath.h"

struct jsonpath_slice {
    int64_t from, to, step;
    bool has_from, has_to;
};

enum jsonpath_step_type { STEP_NAMES, STEP_SLICES, STEP_ALL, STEP_FILTER };

struct jsonpath_step {
    enum jsonpath_step_type type;
    bool deep; /* below every container */
    struct jsonpath_step *next;
    size_t n; /* names or slices; an index is a slice of one */
    struct str *names;
    struct jsonpath_slice *slices;
    struct jsonpath_test *filter;
};

enum jsonpath_test_type { TEST_OR, TEST_AND, TEST_NOT, TEST_COMPARE, TEST_EXISTS };
enum jsonpath_operator { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

/* A path from the item or the document, or a literal. */
struct jsonpath_operand {
    bool is_path, from_root;
    struct jsonpath_step *steps;
    struct json_doc *literal;
};

struct jsonpath_test {
    enum jsonpath_test_type type;
    enum jsonpath_operator op;
    struct jsonpath_test *a, *b;
    struct jsonpath_operand left, right;
};

struct jsonpath {
    struct arena arena;
    bool from_root; /* begins with $; else from the item of a range */
    struct jsonpath_step *steps;
    struct jsonpath_literal *literals; /* documents to release */
};

struct jsonpath_literal {
    struct json_doc *doc;
    struct jsonpath_literal *next;
};

/* As jsonpath_find() with the item that a path without $ begins at. */
int jsonpath_find_from(const struct jsonpath *p, const struct json *root, const struct json *item,
                       struct jsonpath_results *to, struct err *e);

/* Reads the inside of quotes from s at *at (the opening quote) into `to`; false if it does not
 * end.  *at is behind it then. */
bool jsonpath_read_quoted(struct str s, size_t *at, struct buf *to);

#endif
