/* Sprig's functions over paths and URLs. */
#include "base/arena.h"
#include "base/vec.h"
#include "data/expr_eval.h"
#include "data/sprig.h"

#define ARG(i) (c->args[i].text)

static ptrdiff_t
last_of(struct str s, char c)
{
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == c)
            return (ptrdiff_t)i;
    }
    return -1;
}

/* The shortest equal path: no empty elements, no ".", no ".." behind a name. */
static void
clean(struct buf *b, struct str path)
{
    bool rooted = path.n > 0 && path.p[0] == '/';
    VEC(struct str) kept = VEC_INIT;
    struct str rest = path;

    while (rest.p != NULL) {
        struct str part = str_cut(&rest, '/');

        if (part.n == 0 || str_is(part, "."))
            continue;
        if (!str_is(part, "..")) {
            vec_push(&kept, part);
        } else if (kept.n > 0 && !str_is(vec_last(&kept), "..")) {
            kept.n--;
        } else if (!rooted) {
            vec_push(&kept, part);
        }
    }
    if (rooted)
        buf_char(b, '/');
    for (size_t i = 0; i < kept.n; i++) {
        if (i > 0)
            buf_char(b, '/');
        buf_str(b, kept.at[i]);
    }
    if (b->n == 0)
        buf_char(b, '.');
    vec_done(&kept);
}

static int
fn_clean(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    clean(&b, ARG(0));
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_dir(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);

    clean(&b, str_slice(ARG(0), 0, (size_t)(last_of(ARG(0), '/') + 1)));
    return expr_return_text(c->ctx, &b, ret, e);
}

static int
fn_base(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct str s = ARG(0);

    (void)e;
    while (s.n > 0 && s.p[s.n - 1] == '/')
        s.n--;
    if (s.n > 0)
        *ret = expr_string(str_slice(s, (size_t)(last_of(s, '/') + 1), s.n));
    else
        *ret = expr_string(ARG(0).n > 0 ? STR("/") : STR("."));
    return 0;
}

static int
fn_ext(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    ptrdiff_t dot = last_of(ARG(0), '.');

    (void)e;
    *ret = expr_string(dot > last_of(ARG(0), '/') ? str_slice(ARG(0), (size_t)dot, ARG(0).n)
                                                  : STR(""));
    return 0;
}

static int
fn_is_abs(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    (void)e;
    *ret = expr_bool(ARG(0).n > 0 && ARG(0).p[0] == '/');
    return 0;
}

/* URLs: scheme://userinfo@host/path?query#fragment, RFC 3986 appendix B. */

static struct str
cut_at(struct str *s, char sep)
{
    ptrdiff_t at = str_find_char(*s, sep, 0);
    struct str behind = STR("");

    if (at >= 0) {
        behind = str_slice(*s, (size_t)at + 1, s->n);
        *s = str_slice(*s, 0, (size_t)at);
    }
    return behind;
}

static bool
is_scheme(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        bool letter = (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';

        if (!letter && (i == 0 || ((ch < '0' || ch > '9') && ch != '+' && ch != '-' && ch != '.')))
            return false;
    }
    return s.n > 0;
}

static int
fn_url_parse(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct expr_entry *entries = expr_alloc(c->ctx, 8 * sizeof *entries, e);
    struct str s = ARG(0), fragment = cut_at(&s, '#'), query = cut_at(&s, '?'), scheme = STR(""),
               opaque = STR(""), host = STR(""), user = STR("");
    ptrdiff_t colon = str_find_char(s, ':', 0), at;

    if (entries == NULL)
        return e->code;
    if (colon > 0 && is_scheme(str_slice(s, 0, (size_t)colon))) {
        scheme = str_slice(s, 0, (size_t)colon);
        s = str_slice(s, (size_t)colon + 1, s.n);
        if (s.n > 0 && s.p[0] != '/') {
            opaque = s;
            s = STR("");
        }
    }
    if (str_starts(s, STR("//"))) {
        at = str_find_char(s, '/', 2);
        host = str_slice(s, 2, at < 0 ? s.n : (size_t)at);
        s = at < 0 ? STR("") : str_slice(s, (size_t)at, s.n);
        at = last_of(host, '@');
        if (at >= 0) {
            user = str_slice(host, 0, (size_t)at);
            host = str_slice(host, (size_t)at + 1, host.n);
        }
    }
    entries[0] = (struct expr_entry){STR("scheme"), expr_string(scheme)};
    entries[1] = (struct expr_entry){STR("host"), expr_string(host)};
    entries[2] = (struct expr_entry){STR("hostname"), expr_string(host)};
    at = last_of(host, ':');
    if (at >= 0 && last_of(host, ']') < at)
        host = str_slice(host, 0, (size_t)at);
    if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_slice(host, 1, host.n - 1);
    entries[2].value = expr_string(host);
    entries[3] = (struct expr_entry){STR("path"), expr_string(s)};
    entries[4] = (struct expr_entry){STR("query"), expr_string(query)};
    entries[5] = (struct expr_entry){STR("opaque"), expr_string(opaque)};
    entries[6] = (struct expr_entry){STR("fragment"), expr_string(fragment)};
    entries[7] = (struct expr_entry){STR("userinfo"), expr_string(user)};
    return expr_return_map(c->ctx, entries, 8, ret, e);
}

/* Adds `before`, the part and `after`, if the map has the part. */
static void
add_part(struct buf *b, struct expr_value m, const char *key, const char *before, const char *after)
{
    const struct expr_value *v = expr_map_get(m, str_of(key));

    if (v == NULL || v->type != EXPR_STRING || v->text.n == 0)
        return;
    buf_cstr(b, before);
    buf_str(b, v->text);
    buf_cstr(b, after);
}

static int
fn_url_join(const struct expr_call *c, struct expr_value *ret, struct err *e)
{
    struct buf b = expr_buf(c->ctx);
    const struct expr_value *host = expr_map_get(c->args[0], STR("host"));

    add_part(&b, c->args[0], "scheme", "", ":");
    add_part(&b, c->args[0], "opaque", "", "");
    if (host != NULL && host->type == EXPR_STRING && host->text.n > 0) {
        buf_cstr(&b, "//");
        add_part(&b, c->args[0], "userinfo", "", "@");
        buf_str(&b, host->text);
    }
    add_part(&b, c->args[0], "path", "", "");
    add_part(&b, c->args[0], "query", "?", "");
    add_part(&b, c->args[0], "fragment", "#", "");
    return expr_return_text(c->ctx, &b, ret, e);
}

const struct expr_func sprig_paths_funcs[] = {
    {"base", "s", fn_base},
    {"dir", "s", fn_dir},
    {"clean", "s", fn_clean},
    {"ext", "s", fn_ext},
    {"isAbs", "s", fn_is_abs},
    {"osBase", "s", fn_base},
    {"osDir", "s", fn_dir},
    {"osClean", "s", fn_clean},
    {"osExt", "s", fn_ext},
    {"osIsAbs", "s", fn_is_abs},
    {"urlParse", "s", fn_url_parse},
    {"urlJoin", "m", fn_url_join},
    {NULL, NULL, NULL},
};
