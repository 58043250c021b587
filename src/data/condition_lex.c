#include "data/condition_lex.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/condition.h"
#include "data/expr_gotime.h"

struct lexer {
    struct str text;
    size_t at;
    struct arena *arena;
    struct err *e;
};

static int
peek(const struct lexer *l)
{
    return l->at < l->text.n ? (unsigned char)l->text.p[l->at] : -1;
}

/* Letters of any script. */
static bool
is_letter(int c)
{
    return c >= 0x80 || (c >= 0 && isalpha(c));
}

static bool
is_word(int c)
{
    return is_letter(c) || isdigit(c) || c == '_' || c == '.';
}

static bool
is_number(int c)
{
    return isdigit(c) || c == '.';
}

static bool
is_symbol(int c)
{
    return !isdigit(c) && !is_letter(c) && strchr("()[]'\"", c) == NULL;
}

static bool
is_unquoted(int c)
{
    return c != '\'' && c != '"';
}

static bool
is_unbracketed(int c)
{
    return c != ']';
}

/* Characters for as long as they are wanted.  White space ends a token that has begun, unless it
 * is `spaced`.  Returns whether something other than the end of the text ended it. */
static bool
read_while(struct lexer *l, bool (*wanted)(int), bool spaced, struct str *ret)
{
    cleanup_buf struct buf b = BUF_INIT;
    bool ended = false;
    int c;

    while ((c = peek(l)) >= 0) {
        if (c == '\\') {
            l->at++;
            if (peek(l) >= 0)
                buf_char(&b, l->text.p[l->at++]);
            continue;
        }
        if (!spaced && isspace(c) && b.n > 0) {
            ended = true;
            break;
        }
        if (!wanted(c)) {
            ended = true;
            break;
        }
        buf_char(&b, (char)c);
        l->at++;
    }
    *ret = str_make(str_dup_arena(l->arena, buf_view(&b)), b.n);
    return ended;
}

/* The layouts that a quoted string is tried with, each with the lengths that may fit. */
static const struct {
    const char *layout;
    size_t least, most;
} dates[] = {
    {"Mon Jan _2 15:04:05 2006", 23, 24},
    {"Mon Jan _2 15:04:05 MST 2006", 27, 28},
    {"Mon Jan 02 15:04:05 -0700 2006", 30, 30},
    {"3:04PM", 6, 7},
    {"2006-01-02T15:04:05Z07:00", 20, 25},
    {"2006-01-02T15:04:05.999999999Z07:00", 20, 35},
    {"2006-01-02", 10, 10},
    {"2006-01-02 15:04", 16, 16},
    {"2006-01-02 15:04:05", 19, 19},
    {"2006-01-02 15:04:05-07:00", 25, 25},
    {"2006-01-02T15Z0700", 14, 18},
    {"2006-01-02T15:04Z0700", 17, 21},
    {"2006-01-02T15:04:05Z0700", 20, 24},
    {"2006-01-02T15:04:05.999999999Z0700", 20, 34},
};

static bool
is_date(struct lexer *l, struct str s, double *ret)
{
    struct err ignored = ERR_INIT;
    struct expr_value t;

    if (str_find_char(s, ':', 0) < 0 && str_find_char(s, '-', 0) < 0)
        return false;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        if (s.n >= dates[i].least && s.n <= dates[i].most &&
            expr_gotime_parse(l->arena, s, str_of(dates[i].layout), STR("UTC"), &t, &ignored) ==
                0) {
            *ret = (double)t.time.at.seconds;
            return true;
        }
    }
    return false;
}

static int
read_quoted(struct lexer *l, struct condition_token *t)
{
    l->at++;
    if (!read_while(l, is_unquoted, true, &t->text))
        return err_set(l->e, ERR_INVALID, "Unclosed string literal");
    l->at++;
    t->kind = is_date(l, t->text, &t->number) ? CONDITION_TIME : CONDITION_STRING;
    return 0;
}

static bool
is_hex(int c)
{
    return isxdigit(c);
}

static int
read_number(struct lexer *l, struct condition_token *t)
{
    t->kind = CONDITION_NUMBER;
    if (peek(l) == '0' && l->at + 1 < l->text.n && l->text.p[l->at + 1] == 'x') {
        char *end;

        l->at += 2;
        read_while(l, is_hex, false, &t->text);
        t->number = (double)strtoull(t->text.p, &end, 16);
        if (t->text.n == 0 || t->text.n > 16)
            return err_set(l->e, ERR_INVALID, "Unable to parse hex value '%.*s' to uint64",
                           STR_ARG(str_slice(t->text, 0, 100)));
        return 0;
    }
    read_while(l, is_number, false, &t->text);
    /* "5." is a number to Go. */
    struct str digits = t->text;
    if (digits.n > 1 && digits.p[digits.n - 1] == '.')
        digits.n--;
    if (!str_to_double(digits, &t->number) || str_is(digits, "."))
        return err_set(l->e, ERR_INVALID, "Unable to parse numeric value '%.*s' to float64",
                       STR_ARG(str_slice(t->text, 0, 100)));
    return 0;
}

static int
read_word(struct lexer *l, struct condition_token *t)
{
    ptrdiff_t dot;

    read_while(l, is_word, false, &t->text);
    t->kind = CONDITION_STRING;
    t->word = true;
    if (str_is(t->text, "true") || str_is(t->text, "false")) {
        t->kind = CONDITION_BOOLEAN;
        t->boolean = t->text.n == 4;
    } else if (str_is(t->text, "in") || str_is(t->text, "IN")) {
        t->kind = CONDITION_COMPARATOR;
        t->text = STR("in");
    }
    dot = str_find_char(t->text, '.', 0);
    if (dot <= 0)
        return 0;
    if (t->text.p[t->text.n - 1] == '.')
        return err_set(l->e, ERR_INVALID, "Hanging accessor on token '%.*s'",
                       STR_ARG(str_slice(t->text, 0, 100)));
    /* A word with a dot asks for a field of a variable, and there are no variables. */
    return err_set(l->e, ERR_INVALID, "No parameter '%.*s' found.", (int)dot, t->text.p);
}

static const struct {
    const char *text;
    enum condition_kind kind;
} symbols[] = {
    {"==", CONDITION_COMPARATOR}, {"!=", CONDITION_COMPARATOR}, {"<", CONDITION_COMPARATOR},
    {"<=", CONDITION_COMPARATOR}, {">", CONDITION_COMPARATOR},  {">=", CONDITION_COMPARATOR},
    {"=~", CONDITION_COMPARATOR}, {"!~", CONDITION_COMPARATOR}, {"&&", CONDITION_LOGIC},
    {"||", CONDITION_LOGIC},      {"?", CONDITION_TERNARY},     {":", CONDITION_TERNARY},
    {"??", CONDITION_TERNARY},    {"+", CONDITION_ARITHMETIC},  {"-", CONDITION_ARITHMETIC},
    {"*", CONDITION_ARITHMETIC},  {"/", CONDITION_ARITHMETIC},  {"%", CONDITION_ARITHMETIC},
    {"**", CONDITION_ARITHMETIC}, {"&", CONDITION_ARITHMETIC},  {"|", CONDITION_ARITHMETIC},
    {"^", CONDITION_ARITHMETIC},  {"<<", CONDITION_ARITHMETIC}, {">>", CONDITION_ARITHMETIC},
};

/* One bit per kind. */
#define MAY(kind) (1u << (kind))
enum {
    VALUES = MAY(CONDITION_NUMBER) | MAY(CONDITION_STRING) | MAY(CONDITION_BOOLEAN) |
             MAY(CONDITION_TIME),
    BEGIN = VALUES | MAY(CONDITION_PREFIX) | MAY(CONDITION_OPEN),
    AFTER_VALUE = MAY(CONDITION_ARITHMETIC) | MAY(CONDITION_COMPARATOR) | MAY(CONDITION_LOGIC) |
                  MAY(CONDITION_TERNARY) | MAY(CONDITION_SEPARATOR) | MAY(CONDITION_CLOSE),
};

static const unsigned may_follow[CONDITION_KINDS] = {
    [CONDITION_START] = BEGIN,
    [CONDITION_OPEN] = BEGIN | MAY(CONDITION_CLOSE),
    [CONDITION_CLOSE] = AFTER_VALUE,
    [CONDITION_NUMBER] = AFTER_VALUE,
    [CONDITION_STRING] = AFTER_VALUE,
    [CONDITION_BOOLEAN] = AFTER_VALUE,
    /* Upstream lets nobody compute with dates. */
    [CONDITION_TIME] = AFTER_VALUE & ~MAY(CONDITION_TERNARY),
    [CONDITION_ARITHMETIC] = BEGIN & ~MAY(CONDITION_TIME),
    [CONDITION_COMPARATOR] = BEGIN,
    [CONDITION_LOGIC] = BEGIN,
    [CONDITION_PREFIX] = BEGIN & ~MAY(CONDITION_PREFIX) & ~MAY(CONDITION_TIME),
    [CONDITION_TERNARY] = BEGIN,
    [CONDITION_SEPARATOR] = BEGIN,
};

static bool
is_prefix(struct str s)
{
    return str_is(s, "!") || str_is(s, "-") || str_is(s, "~");
}

static int
read_symbol(struct lexer *l, enum condition_kind before, struct condition_token *t)
{
    read_while(l, is_symbol, false, &t->text);
    if (is_prefix(t->text) && (may_follow[before] & MAY(CONDITION_PREFIX))) {
        t->kind = CONDITION_PREFIX;
        return 0;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (str_is(t->text, symbols[i].text)) {
            t->kind = symbols[i].kind;
            return 0;
        }
    }
    return err_set(l->e, ERR_INVALID, "Invalid token: '%.*s'", STR_ARG(str_slice(t->text, 0, 100)));
}

static int
read_token(struct lexer *l, enum condition_kind before, struct condition_token *t)
{
    int c = peek(l);

    if (is_number(c))
        return read_number(l, t);
    if (is_letter(c))
        return read_word(l, t);
    if (!is_unquoted(c))
        return read_quoted(l, t);
    if (c == '[') {
        l->at++;
        if (!read_while(l, is_unbracketed, true, &t->text))
            return err_set(l->e, ERR_INVALID, "Unclosed parameter bracket");
        l->at++;
        t->kind = CONDITION_STRING;
        return 0;
    }
    if (c == '(' || c == ')' || c == ',') {
        t->kind = c == '(' ? CONDITION_OPEN : c == ')' ? CONDITION_CLOSE : CONDITION_SEPARATOR;
        t->text = str_slice(l->text, l->at, l->at + 1);
        l->at++;
        return 0;
    }
    if (c == ']') {
        l->at++;
        return err_set(l->e, ERR_INVALID, "Invalid token: ']'");
    }
    return read_symbol(l, before, t);
}

static const char *const kind_names[CONDITION_KINDS] = {
    [CONDITION_START] = "UNKNOWN",       [CONDITION_NUMBER] = "NUMERIC",
    [CONDITION_STRING] = "STRING",       [CONDITION_BOOLEAN] = "BOOLEAN",
    [CONDITION_TIME] = "TIME",           [CONDITION_PREFIX] = "PREFIX",
    [CONDITION_ARITHMETIC] = "MODIFIER", [CONDITION_COMPARATOR] = "COMPARATOR",
    [CONDITION_LOGIC] = "LOGICALOP",     [CONDITION_TERNARY] = "TERNARY",
    [CONDITION_SEPARATOR] = "SEPARATOR", [CONDITION_OPEN] = "CLAUSE",
    [CONDITION_CLOSE] = "CLAUSE_CLOSE",
};

static const char *
kind_name(const struct condition_token *t)
{
    if (t == NULL)
        return kind_names[CONDITION_START];
    return t->kind == CONDITION_STRING && t->word ? "VARIABLE" : kind_names[t->kind];
}

static int
check_follows(struct lexer *l, const struct condition_token *before,
              const struct condition_token *t)
{
    enum condition_kind kind = before != NULL ? before->kind : CONDITION_START;
    struct str text = before != NULL ? str_slice(before->text, 0, 100) : STR("<nil>");

    if (may_follow[kind] & MAY(t->kind))
        return 0;
    return err_set(l->e, ERR_INVALID, "Cannot transition token types from %s [%.*s] to %s [%.*s]",
                   kind_name(before), STR_ARG(text), kind_name(t),
                   STR_ARG(str_slice(t->text, 0, 100)));
}

static int
check_end(const struct condition_tokens *t, struct err *e)
{
    long open = 0;

    for (size_t i = 0; i < t->n; i++) {
        open += t->at[i].kind == CONDITION_OPEN;
        open -= t->at[i].kind == CONDITION_CLOSE;
    }
    if (open != 0)
        return err_set(e, ERR_INVALID, "Unbalanced parenthesis");
    if (t->n == 0 || (VALUES | MAY(CONDITION_CLOSE)) & MAY(t->at[t->n - 1].kind))
        return 0;
    return err_set(e, ERR_INVALID, "Unexpected end of expression");
}

int
condition_lex(struct str text, struct condition_tokens *ret, struct err *e)
{
    struct lexer l = {.text = text, .arena = &ret->arena, .e = e};
    int rc = 0;

    for (;;) {
        struct condition_token t = {.kind = CONDITION_START};
        const struct condition_token *before;

        while (peek(&l) >= 0 && isspace(peek(&l)))
            l.at++;
        if (rc < 0 || peek(&l) < 0)
            break;
        before = ret->n > 0 ? &ret->at[ret->n - 1] : NULL;
        rc = read_token(&l, before != NULL ? before->kind : CONDITION_START, &t);
        if (rc == 0)
            rc = check_follows(&l, before, &t);
        if (rc == 0 && ret->n == CONDITION_MAX_TOKENS)
            rc = err_set(e, ERR_TOOLARGE, "condition has more than %d parts", CONDITION_MAX_TOKENS);
        vec_push(ret, t);
    }
    return rc < 0 ? rc : check_end(ret, e);
}

void
condition_tokens_done(struct condition_tokens *t)
{
    vec_done(t);
    arena_done(&t->arena);
}
