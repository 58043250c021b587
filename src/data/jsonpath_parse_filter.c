/*
 * jsonpath_parse_filter - the conditions of filters, by precedence: || then && then ! then
 * comparisons, whose sides are paths or literals.
 */
#include "base/err.h"
#include "data/jsonpath_parse_int.h"

static bool
read_literal(struct jsonpath_parser *r, struct jsonpath_operand *o)
{
    struct jsonpath_literal *keep = ARENA_NEW(&r->path->arena, struct jsonpath_literal);
    struct json_build b = JSON_BUILD_INIT;
    size_t start = r->at;
    struct str text;

    if (jsonpath_parse_peek(r) == '\'' || jsonpath_parse_peek(r) == '"') {
        if (!jsonpath_parse_quoted(r, &text))
            return false;
        json_add_str(&b, NULL, text);
        o->literal = json_build_done(&b);
    } else {
        struct err ignored = ERR_INIT;

        while (jsonpath_parse_peek(r) == '.' || jsonpath_parse_peek(r) == '-' ||
               jsonpath_parse_peek(r) == '+' || !jsonpath_parse_ends_name(jsonpath_parse_peek(r)))
            r->at++;
        if (json_parse(str_slice(r->s, start, r->at), NULL, &o->literal, &ignored) < 0) {
            r->at = start;
            return jsonpath_parse_fail(
                r, "expected a path, a number, a text in quotes, true, false or null");
        }
    }
    *keep = (struct jsonpath_literal){.doc = o->literal, .next = r->path->literals};
    r->path->literals = keep;
    return true;
}

static bool
read_operand(struct jsonpath_parser *r, struct jsonpath_operand *o)
{
    jsonpath_parse_skip(r);
    o->from_root = jsonpath_parse_peek(r) == '$';
    o->is_path = o->from_root || jsonpath_parse_peek(r) == '@' || jsonpath_parse_peek(r) == '.';
    if (!o->is_path)
        return read_literal(r, o);
    r->at += jsonpath_parse_peek(r) != '.';
    return jsonpath_parse_steps(r, &o->steps);
}

static struct jsonpath_test *
new_test(struct jsonpath_parser *r, enum jsonpath_test_type type, struct jsonpath_test *a,
         struct jsonpath_test *b)
{
    struct jsonpath_test *t = ARENA_NEW(&r->path->arena, struct jsonpath_test);

    *t = (struct jsonpath_test){.type = type, .a = a, .b = b};
    return t;
}

static struct jsonpath_test *
read_comparison(struct jsonpath_parser *r)
{
    /* The longer ones first. */
    static const struct {
        const char *token;
        enum jsonpath_operator op;
    } operators[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE},
                     {">=", OP_GE}, {"<", OP_LT},  {">", OP_GT}};
    struct jsonpath_test *t = new_test(r, TEST_EXISTS, NULL, NULL);

    if (!read_operand(r, &t->left))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (jsonpath_parse_take(r, operators[i].token)) {
            t->type = TEST_COMPARE;
            t->op = operators[i].op;
            return read_operand(r, &t->right) ? t : NULL;
        }
    }
    return t;
}

static struct jsonpath_test *
read_not(struct jsonpath_parser *r)
{
    struct jsonpath_test *t = NULL;

    if (!jsonpath_parse_enter(r))
        return NULL;
    if (jsonpath_parse_take(r, "!")) {
        t = read_not(r);
        t = t != NULL ? new_test(r, TEST_NOT, t, NULL) : NULL;
    } else if (jsonpath_parse_take(r, "(")) {
        t = jsonpath_parse_filter(r);
        if (t != NULL && !jsonpath_parse_take(r, ")")) {
            jsonpath_parse_fail(r, "expected ')'");
            t = NULL;
        }
    } else {
        t = read_comparison(r);
    }
    r->nesting--;
    return t;
}

static struct jsonpath_test *
read_and(struct jsonpath_parser *r)
{
    struct jsonpath_test *t = read_not(r);

    while (t != NULL && jsonpath_parse_take(r, "&&")) {
        struct jsonpath_test *b = read_not(r);

        t = b != NULL ? new_test(r, TEST_AND, t, b) : NULL;
    }
    return t;
}

struct jsonpath_test *
jsonpath_parse_filter(struct jsonpath_parser *r)
{
    struct jsonpath_test *t = read_and(r);

    while (t != NULL && jsonpath_parse_take(r, "||")) {
        struct jsonpath_test *b = read_and(r);

        t = b != NULL ? new_test(r, TEST_OR, t, b) : NULL;
    }
    return t;
}
