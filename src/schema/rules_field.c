#include "schema/rules_int.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "data/json.h"
#include "schema/fielderror.h"
#include "schema/godump.h"
#include "schema/problem.h"
#include "schema/schema.h"

/* Paths. */

size_t
rules_enter(struct rules *r, const char *field)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "%s%s", before > 0 ? "." : "", field);
    return before;
}

size_t
rules_enter_index(struct rules *r, size_t i)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "[%zu]", i);
    return before;
}

size_t
rules_enter_key(struct rules *r, struct str key)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "[%.*s]", STR_ARG(key));
    return before;
}

void
rules_leave(struct rules *r, size_t before)
{
    buf_cut(&r->path, before);
}

struct rules_each
rules_each_begin(struct rules *r, const char *field, const struct json *list)
{
    struct rules_each it = {.rules_ = r, .list_ = json_each_begin(list), .before_ = r->path.n};

    if (field != NULL)
        rules_enter(r, field);
    it.at_ = r->path.n;
    return it;
}

bool
rules_each_next(struct rules_each *it)
{
    rules_leave(it->rules_, it->at_);
    if (!json_each_next(&it->list_))
        return false;
    it->value = it->list_.value;
    it->index = it->list_.index;
    rules_enter_index(it->rules_, it->index);
    return true;
}

void
rules_each_end(struct rules_each *it)
{
    rules_leave(it->rules_, it->before_);
}

/* Problems. */

/* The path of a field below the one that is looked at, or (NULL) of that one; until the next one.
 */
static const char *
place_of(struct rules *r, const char *field)
{
    buf_clear(&r->place);
    buf_str(&r->place, buf_view(&r->path));
    if (field != NULL)
        buf_printf(&r->place, "%s%s", r->path.n > 0 ? "." : "", field);
    return buf_cstring(&r->place);
}

void
rules_required(struct rules *r, const char *field, const char *detail)
{
    fielderror_required(r->problems, place_of(r, field), detail);
}

void
rules_invalid(struct rules *r, const char *field, const struct json *value, const char *detail)
{
    fielderror_invalid(r->problems, place_of(r, field), value, detail);
}

void
rules_invalid_str(struct rules *r, const char *field, struct str value, const char *detail)
{
    fielderror_invalid_str(r->problems, place_of(r, field), value, detail);
}

void
rules_invalid_int(struct rules *r, const char *field, int64_t value, const char *detail)
{
    fielderror_invalid_int(r->problems, place_of(r, field), value, detail);
}

static void
write_type(const char *type, const struct json *value, struct buf *to)
{
    bool list = str_starts(str_of(type), STR("[]"));

    if (list)
        godump_list(schema_type(STR("v1"), str_of(type + 2)), value, to);
    else
        godump_value(schema_type(STR("v1"), str_of(type)), value, to);
}

void
rules_invalid_shown(struct rules *r, const char *field, const char *shown, const char *detail)
{
    fielderror_invalid_shown(r->problems, place_of(r, field), shown, detail);
}

void
rules_invalid_type(struct rules *r, const char *field, const char *type, const struct json *value,
                   const char *detail)
{
    cleanup_buf struct buf shown = BUF_INIT;

    write_type(type, value, &shown);
    rules_invalid_shown(r, field, buf_cstring(&shown), detail);
}

void
rules_forbidden(struct rules *r, const char *field, const char *detail)
{
    fielderror_forbidden(r->problems, place_of(r, field), detail);
}

void
rules_duplicate(struct rules *r, const char *field, struct str value)
{
    fielderror_duplicate(r->problems, place_of(r, field), value);
}

void
rules_duplicate_shown(struct rules *r, const char *field, const char *shown, const char *detail)
{
    fielderror_duplicate_shown(r->problems, place_of(r, field), shown, detail);
}

void
rules_duplicate_type(struct rules *r, const char *field, const char *type, const struct json *value,
                     const char *detail)
{
    cleanup_buf struct buf shown = BUF_INIT;

    write_type(type, value, &shown);
    rules_duplicate_shown(r, field, buf_cstring(&shown), detail);
}

void
rules_not_found(struct rules *r, const char *field, struct str value, const char *detail)
{
    fielderror_not_found(r->problems, place_of(r, field), value, detail);
}

void
rules_too_long(struct rules *r, const char *field, size_t limit_bytes)
{
    fielderror_too_long(r->problems, place_of(r, field), limit_bytes);
}

/* Checks of a field. */

bool
rules_is_listed(const char *const *list, struct str text)
{
    for (; *list != NULL; list++)
        if (str_is(text, *list))
            return true;
    return false;
}

void
rules_unsupported(struct rules *r, const char *field, struct str value,
                  const char *const *supported)
{
    if (!rules_is_listed(supported, value))
        fielderror_unsupported(r->problems, place_of(r, field), value, supported);
}

void
rules_one_of(struct rules *r, const struct json *v, const char *field, const char *const *supported)
{
    struct str value = json_str(json_get(v, field));

    if (value.p != NULL)
        rules_unsupported(r, field, value, supported);
}

void
rules_must_be_one_of(struct rules *r, const struct json *v, const char *field,
                     const char *const *supported)
{
    struct str value = json_str(json_get(v, field));

    if (value.n == 0)
        rules_required(r, field, "");
    else
        rules_unsupported(r, field, value, supported);
}

bool
rules_name(struct rules *r, const char *field, struct str name, enum names_rule rule)
{
    struct names_wrong w = names_wrong(rule, name);

    for (size_t i = 0; i < w.n; i++)
        rules_invalid_str(r, field, name, w.at[i]);
    return w.n == 0;
}

void
rules_name_joined(struct rules *r, const char *field, struct str name, enum names_rule rule)
{
    struct names_wrong w = names_wrong(rule, name);
    cleanup_buf struct buf text = BUF_INIT;

    for (size_t i = 0; i < w.n; i++)
        buf_printf(&text, "%s%s", i > 0 ? ";" : "", w.at[i]);
    if (w.n > 0)
        rules_invalid_str(r, field, name, buf_cstring(&text));
}

void
rules_named(struct rules *r, const struct json *v, const char *field, enum names_rule rule)
{
    struct str name = json_str(json_get(v, field));

    if (name.n > 0)
        rules_name(r, field, name, rule);
}

void
rules_must_be_named(struct rules *r, const struct json *v, const char *field, enum names_rule rule)
{
    rules_must_have(r, v, field);
    rules_named(r, v, field, rule);
}

void
rules_must_have(struct rules *r, const struct json *v, const char *field)
{
    if (json_str(json_get(v, field)).n == 0)
        rules_required(r, field, "");
}

void
rules_in_range(struct rules *r, const struct json *v, const char *field, int64_t low, int64_t high,
               const char *detail)
{
    const struct json *number = json_get(v, field);
    int64_t n;

    if (json_int(number, &n) && (n < low || n > high))
        rules_invalid(r, field, number, detail);
}

void
rules_port(struct rules *r, const struct json *v, const char *field)
{
    const struct json *port = json_get(v, field);

    if (json_type(port) == JSON_STRING)
        rules_name(r, field, json_str(port), NAMES_PORT);
    else
        rules_in_range(r, v, field, 1, UINT16_MAX, RULES_PORT_TEXT);
}

void
rules_address(struct rules *r, const char *field, struct str text)
{
    if (!rules_is_address(text))
        rules_invalid_str(r, field, text,
                          "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

bool
rules_is_address(struct str text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    unsigned char bytes[sizeof(struct in6_addr)];

    if (text.n >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", STR_ARG(text));
    return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

bool
rules_has_text(const struct json *list, struct str text)
{
    JSON_EACH (it, list)
        if (str_eq(json_str(it.value), text))
            return true;
    return false;
}

bool
rules_are_over(const struct rules *r)
{
    return r->problems->n >= PROBLEMS_MAX;
}

bool
rules_meets_again(struct map *met, struct str text)
{
    return map_put(met, text, met) != NULL;
}

void
rules_meet_texts(struct map *met, const struct json *list)
{
    JSON_EACH (it, list)
        (void)rules_meets_again(met, json_str(it.value));
}

void
rules_meet_all(struct map *met, const struct json *list, const char *field)
{
    JSON_EACH (it, list)
        (void)rules_meets_again(met, json_str(json_get(it.value, field)));
}

void
rules_immutable(struct rules *r, const struct json *old, const struct json *next, const char *field,
                const char *detail)
{
    const struct json *a = json_get(old, field), *b = json_get(next, field);

    if (!(json_is_null(a) && json_is_null(b)) && !json_equal(a, b))
        rules_invalid(r, field, b, detail);
}
