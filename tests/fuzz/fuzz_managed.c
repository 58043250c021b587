/*
 * fuzz_managed - server-side apply; the input is a Pod as it is stored and a body to apply, one a
 * line, with managedFields of any kind in the first.
 *
 * An apply that was taken can be repeated, and then changes nothing; an object that an update was
 * taken of can be applied to.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "schema/defaults.h"
#include "schema/managed.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_doc *
take(const struct schema *s, const struct json_doc *body)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_json struct json_doc *typed = NULL;
    struct err e = ERR_INIT;

    return body != NULL && typed_decode(s, body, &typed, &ps, &e) == 0 ? defaults_apply(s, typed)
                                                                       : NULL;
}

static struct json_doc *
apply(const struct managed_write *w, const struct json_doc *live, const struct json_doc *body)
{
    cleanup_problems struct problems conflicts = PROBLEMS_INIT;
    cleanup_json struct json_doc *merged = NULL;
    struct err e = ERR_INIT;

    if (managed_apply(w, json_root(live), json_root(body), &merged, &conflicts, &e) < 0)
        return NULL;
    return take(w->type, merged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size), first = str_cut(&rest, '\n');
    const struct schema *s = schema_lookup(STR("v1"), STR("Pod"));
    struct managed_write w = {.type = s,
                              .api_version = STR("v1"),
                              .kind = STR("Pod"),
                              .manager = STR("m"),
                              .force = true};
    cleanup_json struct json_doc *stored = NULL, *body = NULL, *live = NULL, *next = NULL,
                                 *once = NULL, *twice = NULL;
    struct err e = ERR_INIT;

    if (rest.p == NULL || json_parse(first, NULL, &stored, &e) < 0 ||
        json_parse(rest, NULL, &body, &e) < 0 || (live = take(s, stored)) == NULL)
        return 0;
    once = apply(&w, live, body);
    if (once != NULL) {
        twice = apply(&w, once, body);
        CHECK(twice != NULL);
        CHECK(managed_is_noop(json_root(once), json_root(twice)));
    }
    next = take(s, body);
    if (next != NULL)
        json_doc_unref(managed_update(&w, json_root(live), json_root(next)));
    return 0;
}
