/*
 * Reading the values of settings from sluice.yaml: types are checked here, scalars
 * are read as text is (settings_value.c).
 */
#include <string.h>

#include "base/err.h"
#include "cli/settings_table.h"
#include "data/json.h"

static const char *const kind_names[] = {
#define KIND_(id, name) name,
    SETTINGS_IMAGE_KINDS(KIND_)
#undef KIND_
};

/* Puts the position of v into the error. */
static int
at(const struct json_doc *d, const struct json *v, struct err *e)
{
    struct json_position where = json_position(d, v);

    e->line = where.line;
    e->col = where.col;
    return e->code;
}

static int
wrong_type(const struct json_doc *d, const struct json *v, const char *expected, struct err *e)
{
    err_set(e, ERR_INVALID, "expected %s, not %s %s", expected,
            json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT ? "an" : "a",
            json_type_name(json_type(v)));
    return at(d, v, e);
}

static bool
is_scalar(const struct json *v)
{
    return json_type(v) == JSON_STRING || json_type(v) == JSON_NUMBER || json_type(v) == JSON_BOOL;
}

/* {image: PATTERN, host: true}, {image: PATTERN, directory: PATH}, {image: PATTERN, python: X} */
static int
read_rule(const struct json_doc *d, const struct json *v, struct settings_image *ret, struct err *e)
{
    const char expected[] = "{image: PATTERN} with one of host: true, directory: PATH, python: "
                            "VERSION-or-PATH";
    const struct json *target = NULL;
    struct settings_image rule = {.kind = SETTINGS_IMAGE_HOST};

    if (json_type(v) != JSON_OBJECT || json_type(json_get(v, "image")) != JSON_STRING ||
        json_count(v) != 2)
        return wrong_type(d, v, expected, e);
    for (size_t kind = 0; kind < ARRAY_LEN(kind_names); kind++)
        if (json_get(v, kind_names[kind]) != NULL) {
            rule.kind = (enum settings_image_kind)kind;
            target = json_get(v, kind_names[kind]);
        }
    if (target == NULL || !is_scalar(target))
        return wrong_type(d, v, expected, e);
    if (rule.kind == SETTINGS_IMAGE_HOST && !json_bool_or(target, false)) {
        err_set(e, ERR_INVALID, "host: must be true");
        return at(d, target, e);
    }
    if (rule.kind == SETTINGS_IMAGE_DIRECTORY && !str_starts(json_str(target), STR("/"))) {
        err_set(e, ERR_INVALID, "directory: must be an absolute path");
        return at(d, target, e);
    }
    rule.pattern = str_dup(json_str(json_get(v, "image")));
    rule.line = json_position(d, v).line;
    if (rule.kind != SETTINGS_IMAGE_HOST)
        rule.target = str_dup(json_scalar_text(target));
    *ret = rule;
    return 0;
}

static int
read_array(struct settings *s, const struct setting *row, const struct json_doc *d,
           const struct json *v, const struct setting_place *place, struct err *e)
{
    if (json_type(v) != JSON_ARRAY)
        return wrong_type(d, v, "a list", e);
    JSON_EACH (it, v) {
        struct settings_image rule;

        if (row->type == SETTING_IMAGES) {
            if (read_rule(d, it.value, &rule, e) < 0)
                return e->code;
            vec_push(SETTING_FIELD(s, row, settings_images), rule);
        } else if (!is_scalar(it.value)) {
            return wrong_type(d, it.value, "a text", e);
        } else if (setting_add_text(s, row, json_scalar_text(it.value), place, e) < 0) {
            return at(d, it.value, e);
        }
    }
    return 0;
}

static int
read_map(struct settings *s, const struct setting *row, const struct json_doc *d,
         const struct json *v, struct err *e)
{
    if (json_type(v) != JSON_OBJECT)
        return wrong_type(d, v, "a map of names to values", e);
    JSON_EACH (it, v) {
        if (!is_scalar(it.value))
            return wrong_type(d, it.value, "a text", e);
        setting_add_pair(s, row, it.key, json_scalar_text(it.value));
    }
    return 0;
}

int
setting_from_json(struct settings *s, const struct setting *row, const struct json_doc *d,
                  const struct json *v, const struct setting_place *place, struct err *e)
{
    if (row->type >= SETTING_TEXTS)
        setting_clear(s, row);
    if (json_type(v) == JSON_NULL && row->type >= SETTING_TEXTS)
        return 0; /* "images:" with nothing but comments below it */
    if (row->type == SETTING_PAIRS)
        return read_map(s, row, d, v, e);
    if (row->type >= SETTING_TEXTS)
        return read_array(s, row, d, v, place, e);
    if (!is_scalar(v))
        return wrong_type(d, v, row->argument != NULL ? row->argument : "true or false", e);
    if (setting_from_text(s, row, json_scalar_text(v), place, e) < 0)
        return at(d, v, e);
    return 0;
}
