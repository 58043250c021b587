/*
 * jsonpath_template - kubectl's output templates.
 *
 * A template is first cut into pieces, in which each range knows its end; then the
 * pieces are carried out with a stack of running ranges.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "data/jsonpath_int.h"

enum { TEMPLATE_MAX_OUTPUT = 64 * 1024 * 1024 };

enum piece_type { PIECE_TEXT, PIECE_PATH, PIECE_RANGE, PIECE_END };

struct piece {
    enum piece_type type;
    struct str text; /* of PIECE_TEXT */
    char *own;       /* what it points into, if not the template */
    struct jsonpath *path;
    size_t end; /* of PIECE_RANGE: its PIECE_END */
};

struct template
{
    VEC(struct piece) pieces;
    VEC(size_t) open; /* ranges that have not ended */
};

static void
template_done(struct template *t)
{
    for (size_t i = 0; i < t->pieces.n; i++) {
        free(t->pieces.at[i].own);
        jsonpath_free(t->pieces.at[i].path);
    }
    vec_done(&t->pieces);
    vec_done(&t->open);
}

/* Where the brace that opened before `at` closes: braces within quotes do not count. */
static bool
find_close(struct str s, size_t at, size_t *ret)
{
    char quote = '\0';

    for (; at < s.n; at++) {
        char c = s.p[at];

        if (c == '\\' && quote != '\0')
            at++;
        else if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '}') {
            *ret = at;
            return true;
        }
    }
    return false;
}

static int
add_range(struct template *t, struct str path, struct err *e)
{
    struct piece *p;

    if (t->open.n == JSONPATH_MAX_NESTING)
        return err_set(e, ERR_TOOLARGE, "ranges nested deeper than the limit of %d",
                       JSONPATH_MAX_NESTING);
    vec_push(&t->open, t->pieces.n);
    p = vec_grow(&t->pieces);
    p->type = PIECE_RANGE;
    return jsonpath_compile(path, &p->path, e);
}

static int
add_end(struct template *t, struct err *e)
{
    if (t->open.n == 0)
        return err_set(e, ERR_BADREQUEST, "{end} without {range}");
    t->pieces.at[vec_pop(&t->open)].end = t->pieces.n;
    vec_grow(&t->pieces)->type = PIECE_END;
    return 0;
}

static int
add_literal(struct template *t, struct str inside, struct err *e)
{
    struct buf text = BUF_INIT;
    size_t at = 0;
    struct piece *p = vec_grow(&t->pieces);

    if (!jsonpath_read_quoted(inside, &at, &text) || at != inside.n) {
        buf_done(&text);
        return err_set(e, ERR_BADREQUEST, "'{%.*s}' is not one text in quotes",
                       (int)(inside.n < 100 ? inside.n : 100), inside.p);
    }
    p->text.n = text.n;
    p->text.p = p->own = buf_take(&text);
    return 0;
}

/* What stands between braces. */
static int
add_inside(struct template *t, struct str inside, struct err *e)
{
    struct piece *p;

    inside = str_trim(inside);
    if (inside.n != 0 && (inside.p[0] == '"' || inside.p[0] == '\''))
        return add_literal(t, inside, e);
    if (str_is(inside, "end"))
        return add_end(t, e);
    if (str_starts(inside, STR("range ")) || str_is(inside, "range"))
        return add_range(t, str_slice(inside, 5, inside.n), e);
    p = vec_grow(&t->pieces);
    p->type = PIECE_PATH;
    return jsonpath_compile(inside, &p->path, e);
}

static int
read_template(struct template *t, struct str s, struct err *e)
{
    size_t at = 0, close;

    while (at < s.n) {
        ptrdiff_t open = str_find_char(s, '{', at);
        size_t end = open >= 0 ? (size_t)open : s.n;

        if (end > at)
            vec_grow(&t->pieces)->text = str_slice(s, at, end);
        if (open < 0)
            break;
        if (!find_close(s, end + 1, &close))
            return err_set(e, ERR_BADREQUEST, "template: the brace at column %zu does not close",
                           end + 1);
        if (add_inside(t, str_slice(s, end + 1, close), e) < 0)
            return err_wrap(e, "template");
        at = close + 1;
    }
    if (t->open.n != 0)
        return err_set(e, ERR_BADREQUEST, "template: {range} without {end}");
    return 0;
}

/* A range under way: its items, and the one at hand. */
struct run {
    size_t piece;
    struct jsonpath_results items;
    size_t i;
};

static void
print(struct buf *to, const struct jsonpath_results *found)
{
    for (size_t i = 0; i < found->n; i++) {
        struct str text = json_scalar_text(found->at[i]);

        if (i != 0)
            buf_char(to, ' ');
        if (text.p != NULL)
            buf_str(to, text);
        else
            json_write(to, found->at[i]);
    }
}

struct runs {
    VEC(struct run) list;
};

static const struct json *
item_of(const struct runs *runs, const struct json *root)
{
    return runs->list.n != 0 ? vec_last(&runs->list).items.at[vec_last(&runs->list).i] : root;
}

/* Returns the next piece, with the range started, ended or at its next item. */
static size_t
move_on(struct runs *runs, const struct piece *p, size_t at)
{
    struct run *r = &vec_last(&runs->list);

    if (p->type == PIECE_END && ++r->i < r->items.n)
        return r->piece + 1;
    if (p->type == PIECE_RANGE && r->items.n != 0)
        return at + 1;
    at = p->type == PIECE_RANGE ? p->end + 1 : at + 1;
    jsonpath_results_done(&r->items);
    runs->list.n--;
    return at;
}

static int
carry_out(const struct template *t, const struct json *root, struct runs *runs, struct buf *to,
          struct err *e)
{
    size_t at = 0;

    while (at < t->pieces.n) {
        const struct piece *p = &t->pieces.at[at];
        struct jsonpath_results found = JSONPATH_RESULTS_INIT;

        if (p->path != NULL &&
            jsonpath_find_from(p->path, root, item_of(runs, root), &found, e) < 0)
            return e->code;
        if (p->type == PIECE_RANGE)
            vec_push(&runs->list, ((struct run){.piece = at, .items = found}));
        if (p->type == PIECE_RANGE || p->type == PIECE_END) {
            at = move_on(runs, p, at);
            continue;
        }
        if (p->type == PIECE_TEXT)
            buf_str(to, p->text);
        print(to, &found);
        jsonpath_results_done(&found);
        if (to->n > TEMPLATE_MAX_OUTPUT)
            return err_set(e, ERR_TOOLARGE, "template: output over the limit of %d bytes",
                           TEMPLATE_MAX_OUTPUT);
        at++;
    }
    return 0;
}

int
jsonpath_template(struct str text, const struct json *root, struct buf *to, struct err *e)
{
    struct template t = {.pieces = VEC_INIT};
    struct runs runs = {VEC_INIT};
    int rc;

    if (text.n > JSONPATH_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "a template of %zu bytes is over the limit of %d bytes",
                       text.n, JSONPATH_MAX_BYTES);
    rc = read_template(&t, text, e);
    if (rc == 0)
        rc = carry_out(&t, root, &runs, to, e);
    for (size_t i = 0; i < runs.list.n; i++)
        jsonpath_results_done(&runs.list.at[i].items);
    vec_done(&runs.list);
    template_done(&t);
    return rc;
}
