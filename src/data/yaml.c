#include "data/yaml.h"

#include <stdlib.h>

#include "base/err.h"
#include "data/yaml_int.h"

const struct yaml_limits yaml_limits_default = {
    .bytes = YAML_MAX_BYTES,
    .depth = YAML_MAX_DEPTH,
    .nodes = YAML_MAX_NODES,
};

static void
cut(struct yaml_docs *docs, size_t n)
{
    while (docs->n > n)
        json_doc_unref(docs->at[--docs->n].json);
}

void
yaml_docs_done(struct yaml_docs *docs)
{
    cut(docs, 0);
    free(docs->at);
    *docs = YAML_DOCS_INIT;
}

void
yaml_docs_add(struct yaml_docs *docs, struct json_doc *d, int line)
{
    if (docs->n == docs->cap) {
        docs->cap = docs->cap * 2 + 4;
        docs->at = xrealloc(docs->at, docs->cap, sizeof *docs->at);
    }
    docs->at[docs->n++] = (struct yaml_doc){.json = d, .line = line};
}

/* JSON allows a few things that YAML does not (tabs, surrogate pairs as escapes), and is read much
 * faster.  What fails here is left to the YAML reader and its message. */
static bool
parse_as_json(struct str text, const struct yaml_limits *limits, struct yaml_docs *docs)
{
    const struct json_limits as_json = {
        .bytes = limits->bytes,
        .depth = limits->depth,
        .refuse_duplicates = !limits->allow_duplicates,
    };
    struct str inner = str_trim(text);
    struct json_doc *d = NULL;
    struct err ignored = ERR_INIT;

    if (inner.n == 0 || inner.p[0] != '{' || json_parse(text, &as_json, &d, &ignored) < 0)
        return false;
    yaml_docs_add(docs, d, json_position(d, json_root(d)).line);
    return true;
}

int
yaml_parse(struct str text, const struct yaml_limits *limits, struct yaml_docs *docs, struct err *e)
{
    size_t before = docs->n;

    if (limits == NULL)
        limits = &yaml_limits_default;
    if (text.p == NULL)
        text = STR("");
    if (text.n > limits->bytes)
        return err_set(e, ERR_TOOLARGE, "%zu bytes of YAML are over the limit of %zu bytes", text.n,
                       limits->bytes);
    if (parse_as_json(text, limits, docs))
        return 0;
    if (yaml_read(text, limits, docs, e) < 0) {
        cut(docs, before);
        return e->code;
    }
    return 0;
}

int
yaml_parse_one(struct str text, const struct yaml_limits *limits, struct json_doc **ret,
               struct err *e)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;

    *ret = NULL;
    if (yaml_parse(text, limits, &docs, e) < 0)
        return e->code;
    if (docs.n == 0)
        return err_set(e, ERR_BADREQUEST, "expected a YAML document, found none");
    if (docs.n > 1) {
        err_set(e, ERR_BADREQUEST, "line %d: expected one YAML document, found %zu",
                docs.at[1].line, docs.n);
        e->line = docs.at[1].line;
        return e->code;
    }
    *ret = TAKE(docs.at[0].json);
    return 0;
}
