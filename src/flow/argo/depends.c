/*
 * depends - parsing by recursive descent into postfix code, and a tiny stack machine.
 *
 * Postfix code is one vector: an operand is a task's number and the mask of states that make it
 * true, an operator works on the results before it.  Evaluation therefore needs no recursion and no
 * memory beyond a stack of booleans whose depth the parser has counted.
 */
#include "flow/argo/depends.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"

/* The names of results, as bits. */
static const struct {
    const char *name;
    unsigned bit;
} results[] = {
    {"Succeeded", DEPENDS_SUCCEEDED},
    {"Failed", DEPENDS_FAILED},
    {"Errored", DEPENDS_ERRORED},
    {"Skipped", DEPENDS_SKIPPED},
    {"Omitted", DEPENDS_OMITTED},
    {"Daemoned", DEPENDS_DAEMONED},
    {"AnySucceeded", DEPENDS_ANY_SUCCEEDED},
    {"AllFailed", DEPENDS_ALL_FAILED},
};

enum { BARE = DEPENDS_SUCCEEDED | DEPENDS_SKIPPED | DEPENDS_DAEMONED };
enum { ITEMS = DEPENDS_ANY_SUCCEEDED | DEPENDS_ALL_FAILED };

enum op { OP_TASK, OP_NOT, OP_AND, OP_OR };

struct code {
    enum op op;
    unsigned task; /* OP_TASK: its number, */
    unsigned mask; /* the states that make it true, */
    bool bare;     /* and whether continueOn widens them */
};

struct task {
    char *name;
    size_t n;
    bool needs_items;
};

struct depends {
    VEC(struct code) code;
    VEC(struct task) tasks;
    size_t stack; /* results at most held at once */
};

struct parser {
    struct str text;
    size_t at;
    unsigned depth;
    size_t held; /* results on the stack by now */
    struct map names;
    struct depends *d;
    struct err *e;
};

void
depends_free(struct depends *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->tasks.n; i++)
        free(d->tasks.at[i].name);
    vec_done(&d->tasks);
    vec_done(&d->code);
    free(d);
}

static unsigned
task_number(struct parser *p, struct str name)
{
    uintptr_t known = (uintptr_t)map_get(&p->names, name);

    if (known == 0) {
        vec_push(&p->d->tasks, ((struct task){.name = str_dup(name), .n = name.n}));
        known = p->d->tasks.n;
        map_put(&p->names, name, (void *)known);
    }
    return (unsigned)(known - 1);
}

static void
emit_task(struct parser *p, struct str name, unsigned mask, bool bare)
{
    unsigned task = task_number(p, name);

    p->d->tasks.at[task].needs_items |= (mask & ITEMS) != 0;
    vec_push(&p->d->code, ((struct code){OP_TASK, task, mask, bare}));
    if (++p->held > p->d->stack)
        p->d->stack = p->held;
}

static void
emit_op(struct parser *p, enum op op)
{
    vec_push(&p->d->code, ((struct code){.op = op}));
    if (op != OP_NOT)
        p->held--;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct parser *p)
{
    while (p->at < p->text.n && is_space(p->text.p[p->at]))
        p->at++;
}

static bool
accept(struct parser *p, const char *sign)
{
    struct str want = str_of(sign);

    skip_space(p);
    if (!str_eq(str_slice(p->text, p->at, p->at + want.n), want))
        return false;
    p->at += want.n;
    return true;
}

static int
expected(struct parser *p, const char *what)
{
    skip_space(p);
    if (p->at == p->text.n)
        return err_set(p->e, ERR_INVALID, "depends '%.*s': expected %s at the end",
                       STR_ARG(p->text), what);
    return err_set(p->e, ERR_INVALID, "depends '%.*s': expected %s at character %zu, not '%c'",
                   STR_ARG(p->text), what, p->at + 1, p->text.p[p->at]);
}

static bool
is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static struct str
word(struct parser *p)
{
    size_t start = p->at;

    while (p->at < p->text.n && is_name_char(p->text.p[p->at]))
        p->at++;
    return str_slice(p->text, start, p->at);
}

static int
parse_task(struct parser *p)
{
    struct str name, result;

    skip_space(p);
    name = word(p);
    if (name.n == 0)
        return expected(p, "a task name, '!' or '('");
    if (p->at == p->text.n || p->text.p[p->at] != '.') {
        emit_task(p, name, BARE, true);
        return 0;
    }
    p->at++;
    result = word(p);
    for (size_t i = 0; i < ARRAY_LEN(results); i++)
        if (str_is(result, results[i].name)) {
            emit_task(p, name, results[i].bit, false);
            return 0;
        }
    return err_set(p->e, ERR_INVALID,
                   "task result '%.*s' for task '%.*s' is invalid: expected Succeeded, Failed, "
                   "Errored, Skipped, Omitted, Daemoned, AnySucceeded or AllFailed",
                   STR_ARG(result), STR_ARG(name));
}

static int parse_or(struct parser *p);

static int
parse_unary(struct parser *p)
{
    int rc;

    if (++p->depth > DEPENDS_MAX_DEPTH)
        return err_set(p->e, ERR_TOOLARGE, "depends: nested deeper than %d", DEPENDS_MAX_DEPTH);
    if (accept(p, "!")) {
        rc = parse_unary(p);
        if (rc == 0)
            emit_op(p, OP_NOT);
    } else if (accept(p, "(")) {
        rc = parse_or(p);
        if (rc == 0 && !accept(p, ")"))
            rc = expected(p, "')', '&&' or '||'");
    } else {
        rc = parse_task(p);
    }
    p->depth--;
    return rc;
}

static int
parse_and(struct parser *p)
{
    if (parse_unary(p) < 0)
        return p->e->code;
    while (accept(p, "&&")) {
        if (parse_unary(p) < 0)
            return p->e->code;
        emit_op(p, OP_AND);
    }
    return 0;
}

static int
parse_or(struct parser *p)
{
    if (parse_and(p) < 0)
        return p->e->code;
    while (accept(p, "||")) {
        if (parse_and(p) < 0)
            return p->e->code;
        emit_op(p, OP_OR);
    }
    return 0;
}

int
depends_parse(struct str text, struct depends **ret, struct err *e)
{
    cleanup_depends struct depends *d = NEW(struct depends);
    struct parser p = {.text = text, .names = MAP_INIT, .d = d, .e = e};
    int rc;

    if (text.n > DEPENDS_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "depends: longer than %d bytes", DEPENDS_MAX_BYTES);
    rc = parse_or(&p);
    skip_space(&p);
    if (rc == 0 && p.at < text.n)
        rc = expected(&p, "'&&', '||' or the end");
    map_done(&p.names);
    if (rc == 0)
        *ret = TAKE(d);
    return rc;
}

static int
from_dependencies(const struct json *list, struct depends **ret, struct err *e)
{
    cleanup_depends struct depends *d = NEW(struct depends);
    struct parser p = {.names = MAP_INIT, .d = d, .e = e};
    int rc = 0;

    JSON_EACH (it, list) {
        struct str name = json_str(it.value);

        if (name.n == 0) {
            rc =
                err_set(e, ERR_INVALID, "dependencies[%zu]: expected the name of a task", it.index);
            break;
        }
        emit_task(&p, name, BARE, true);
        if (it.index > 0)
            emit_op(&p, OP_AND);
    }
    map_done(&p.names);
    if (rc == 0)
        *ret = TAKE(d);
    return rc;
}

int
depends_of_task(const struct json *task, struct depends **ret, struct err *e)
{
    struct str text = str_trim(json_str(json_get(task, "depends")));

    if (text.n > 0)
        return depends_parse(text, ret, e);
    return from_dependencies(json_get(task, "dependencies"), ret, e);
}

size_t
depends_task_count(const struct depends *d)
{
    return d->tasks.n;
}

struct str
depends_task_at(const struct depends *d, size_t i)
{
    return str_make(d->tasks.at[i].name, d->tasks.at[i].n);
}

bool
depends_task_needs_items(const struct depends *d, size_t i)
{
    return d->tasks.at[i].needs_items;
}

static bool
task_holds(const struct code *c, unsigned state)
{
    unsigned mask = c->mask;

    if (c->bare && (state & DEPENDS_ON_FAILED))
        mask |= DEPENDS_FAILED;
    if (c->bare && (state & DEPENDS_ON_ERROR))
        mask |= DEPENDS_ERRORED;
    return (state & mask) != 0;
}

bool
depends_holds(const struct depends *d, depends_state_fn *state, void *arg)
{
    cleanup_free bool *stack = NEW_ARRAY(bool, d->stack + 1);
    size_t n = 0;

    for (size_t i = 0; i < d->code.n; i++) {
        const struct code *c = &d->code.at[i];

        switch (c->op) {
        case OP_TASK:
            stack[n++] = task_holds(c, state(arg, c->task));
            break;
        case OP_NOT:
            stack[n - 1] = !stack[n - 1];
            break;
        case OP_AND:
            n--;
            stack[n - 1] = stack[n - 1] && stack[n];
            break;
        case OP_OR:
            n--;
            stack[n - 1] = stack[n - 1] || stack[n];
            break;
        }
    }
    return n == 0 || stack[0];
}
