/*
 * Tags in a tree of values.  Each string is a text of its own, so nothing needs escaping and no
 * value can break out of its place.
 */
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/tag.h"

/* The way to the value at hand, for messages. */
struct step {
    const struct step *outer;
    struct str key; /* STR_NULL: an item */
    size_t index;
};

struct walk {
    struct tag_options o;
    struct json_build *build;
    struct buf text; /* scratch */
    size_t left;     /* bytes that the result may still take */
    int kept;
    struct err *e;
};

static void
write_path(struct buf *to, const struct step *s)
{
    if (s == NULL || s->outer == NULL)
        return;
    write_path(to, s->outer);
    if (s->key.p == NULL)
        buf_printf(to, "[%zu]", s->index);
    else
        buf_printf(to, "%s%.*s", to->n > 0 ? "." : "", STR_ARG(str_slice(s->key, 0, 100)));
}

static int
fail(struct walk *w, const struct step *at)
{
    cleanup_buf struct buf path = {.max = 400};

    write_path(&path, at);
    if (path.n > 0)
        err_wrap(w->e, "%s", buf_cstring(&path));
    return w->e->code;
}

/* The text with its tags replaced, in w->text; or as it is when it has none. */
static int
substitute(struct walk *w, struct str text, const struct step *at, struct str *ret)
{
    int rc;

    *ret = text;
    if (tag_present(text)) {
        buf_clear(&w->text);
        w->o.max_bytes = w->left > 0 ? w->left : 1;
        rc = tag_substitute(text, &w->o, &w->text, w->e);
        if (rc < 0)
            return fail(w, at);
        w->kept += rc;
        *ret = buf_view(&w->text);
        if (ret->p == NULL)
            *ret = STR("");
    }
    if (ret->n > w->left) {
        err_set(w->e, ERR_TOOLARGE, "tree with its tags replaced is larger than its limit");
        return fail(w, at);
    }
    w->left -= ret->n;
    return 0;
}

static int
add(struct walk *w, const struct json *v, const struct step *at)
{
    struct str text;
    int rc = 0;

    switch (json_type(v)) {
    case JSON_STRING:
        rc = substitute(w, json_str(v), at, &text);
        if (rc == 0)
            json_add_str(w->build, NULL, text);
        return rc;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    default:
        json_add_value(w->build, NULL, v);
        return 0;
    }
    if (json_type(v) == JSON_ARRAY)
        json_add_array(w->build, NULL);
    else
        json_add_object(w->build, NULL);
    JSON_EACH (it, v) {
        struct step step = {.outer = at, .key = it.key, .index = it.index};

        if (it.key.p != NULL) {
            rc = substitute(w, it.key, &step, &text);
            if (rc == 0)
                json_add_key(w->build, text);
        }
        if (rc == 0)
            rc = add(w, it.value, &step);
        if (rc < 0)
            return rc;
    }
    json_end(w->build);
    return 0;
}

int
tag_substitute_json(const struct json *in, const struct tag_options *o, struct json_doc **ret,
                    struct err *e)
{
    cleanup_json_build struct json_build build = JSON_BUILD_INIT;
    struct step root = {.outer = NULL};
    struct walk w = {.o = *o,
                     .build = &build,
                     .left = o->max_bytes != 0 ? o->max_bytes : TAG_MAX_RESULT,
                     .e = e};
    int rc;

    w.o.json_text = false;
    rc = add(&w, in, &root);
    buf_done(&w.text);
    if (rc < 0)
        return rc;
    *ret = json_build_done(&build);
    return w.kept;
}
