#include "schema/problem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"

void
problems_done(struct problems *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        free(ps->at[i].path);
        free(ps->at[i].text);
    }
    free(ps->at);
    *ps = PROBLEMS_INIT;
}

/* Cuts a text that some manifest made very long. */
static char *
bounded(char *text)
{
    if (strlen(text) > PROBLEM_TEXT_MAX)
        memcpy(text + PROBLEM_TEXT_MAX - 3, "...", 4);
    return text;
}

/* The next free place, or NULL (and counted) when the list is full. */
static struct problem *
grow(struct problems *ps)
{
    if (ps->n >= PROBLEMS_MAX) {
        ps->dropped++;
        return NULL;
    }
    if (ps->n == ps->cap) {
        ps->cap = ps->cap != 0 ? ps->cap * 2 : 8;
        ps->at = xrealloc(ps->at, ps->cap, sizeof *ps->at);
    }
    return &ps->at[ps->n++];
}

__attribute__((format(printf, 5, 0))) static void
add(struct problems *ps, enum problem_kind kind, const struct json_doc *doc, const struct json *at,
    const char *fmt, va_list ap)
{
    struct problem *p = grow(ps);
    struct buf path = BUF_INIT;
    struct json_position where = {0, 0};

    if (p == NULL)
        return;
    if (doc != NULL && at != NULL) {
        json_path(doc, at, &path);
        where = json_position(doc, at);
    }
    *p = (struct problem){.kind = kind,
                          .path = bounded(buf_take(&path)),
                          .text = bounded(xvasprintf(fmt, ap)),
                          .line = where.line,
                          .col = where.col};
}

void
problems_add(struct problems *ps, enum problem_kind kind, const struct json_doc *doc,
             const struct json *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(ps, kind, doc, at, fmt, ap);
    va_end(ap);
}

void
problems_add_path(struct problems *ps, enum problem_kind kind, const char *path, int line, int col,
                  const char *text)
{
    struct problem *p = grow(ps);

    if (p != NULL)
        *p = (struct problem){.kind = kind,
                              .path = bounded(xstrdup(path)),
                              .text = bounded(xstrdup(text)),
                              .line = line,
                              .col = col};
}

void
problems_add_cause(struct problems *ps, const char *reason, const char *path, const char *text)
{
    struct problem *p = grow(ps);

    if (p != NULL)
        *p = (struct problem){.kind = PROBLEM_INVALID,
                              .path = bounded(xstrdup(path)),
                              .text = bounded(xstrdup(text)),
                              .reason = reason};
}

void
problems_add_field(struct problems *ps, const char *reason, const char *path, const char *message)
{
    struct problem *p = grow(ps);

    if (p != NULL)
        *p = (struct problem){.kind = PROBLEM_INVALID,
                              .path = bounded(xstrdup(path)),
                              .text = bounded(xasprintf("%s: %s", path, message)),
                              .reason = reason,
                              .detail = strlen(path) + 2};
}

/* Whether the text of problem i stands before it already. */
static bool
is_repeated(const struct problems *ps, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(ps->at[k].text, ps->at[i].text) == 0)
            return true;
    return false;
}

void
problems_message(const struct problems *ps, struct buf *to)
{
    size_t different = 0, shown = 0;

    for (size_t i = 0; i < ps->n; i++)
        different += !is_repeated(ps, i);
    if (different > 1)
        buf_char(to, '[');
    for (size_t i = 0; i < ps->n; i++)
        if (!is_repeated(ps, i))
            buf_printf(to, "%s%s", shown++ > 0 ? ", " : "", ps->at[i].text);
    if (different > 1)
        buf_char(to, ']');
}

void
problems_add_err(struct problems *ps, const struct err *e)
{
    problems_add_path(ps, PROBLEM_INVALID, "", e->line, e->col, e->msg);
}

size_t
problems_errors(const struct problems *ps)
{
    size_t n = 0;

    for (size_t i = 0; i < ps->n; i++)
        n += ps->at[i].kind != PROBLEM_WARNING;
    return n;
}
