/*
 * Reading the values of settings from text, by type.
 *
 * Scalars of the file come here too (settings_json.c), so that a size is written the
 * same way in a flag, a variable and the file.  The commas of a list exist only in
 * text.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/settings_table.h"

void
settings_image_done(struct settings_image *rule)
{
    free(rule->pattern);
    free(rule->target);
    *rule = (struct settings_image){.pattern = NULL};
}

void
settings_list_done(settings_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->at[i]);
    vec_done(list);
}

void
setting_clear(struct settings *s, const struct setting *row)
{
    switch (row->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        free(*SETTING_FIELD(s, row, char *));
        *SETTING_FIELD(s, row, char *) = NULL;
        break;
    case SETTING_TEXTS:
    case SETTING_NUMBERS:
    case SETTING_PATHS:
        settings_list_done(SETTING_FIELD(s, row, settings_list));
        break;
    case SETTING_IMAGES: {
        settings_images *images = SETTING_FIELD(s, row, settings_images);

        for (size_t i = 0; i < images->n; i++)
            settings_image_done(&images->at[i]);
        vec_done(images);
        break;
    }
    case SETTING_PAIRS: {
        settings_pairs *pairs = SETTING_FIELD(s, row, settings_pairs);

        for (size_t i = 0; i < pairs->n; i++) {
            free(pairs->at[i].name);
            free(pairs->at[i].value);
        }
        vec_done(pairs);
        break;
    }
    case SETTING_NUMBER:
    case SETTING_BYTES:
    case SETTING_SWITCH:
    case SETTING_CHOICE:
        break;
    }
}

/* Scalars. */

static const struct {
    const char *suffix;
    int64_t factor;
} units[] = {
    {"", 1},
    {"Ti", INT64_C(1) << 40},
    {"Gi", INT64_C(1) << 30},
    {"Mi", INT64_C(1) << 20},
    {"Ki", INT64_C(1) << 10},
    {"T", INT64_C(1000000000000)},
    {"G", INT64_C(1000000000)},
    {"M", INT64_C(1000000)},
    {"k", INT64_C(1000)},
    {"K", INT64_C(1000)},
};

void
setting_write_bytes(struct buf *to, int64_t bytes)
{
    for (size_t i = 1; i <= 4; i++)
        if (bytes != 0 && bytes % units[i].factor == 0) {
            buf_printf(to, "%" PRId64 "%s", bytes / units[i].factor, units[i].suffix);
            return;
        }
    buf_printf(to, "%" PRId64, bytes);
}

static bool
read_bytes(struct str text, int64_t *ret)
{
    size_t digits = 0;
    int64_t number;

    while (digits < text.n && isdigit((unsigned char)text.p[digits]))
        digits++;
    if (!str_to_int(str_slice(text, 0, digits), &number))
        return false;
    text = str_slice(text, digits, text.n);
    if (str_ends(text, STR("B")))
        text.n--;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_is(text, units[i].suffix))
            return !__builtin_mul_overflow(number, units[i].factor, ret);
    return false;
}

static void
put_choices(struct buf *to, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++)
        buf_printf(to, "%s%s", i > 0 ? ", " : "", choices[i]);
}

static int
read_number(const struct setting *row, struct str text, int64_t *ret, struct err *e)
{
    bool sizes = row->type == SETTING_BYTES;
    cleanup_buf struct buf low = BUF_INIT, high = BUF_INIT;
    int64_t number;

    if (!(sizes ? read_bytes(text, &number) : str_to_int(text, &number)))
        return err_set(e, ERR_INVALID, "'%.*s' is no %s", STR_ARG(text),
                       sizes ? "size: expected bytes or a number with Ki, Mi, Gi, k, M or G"
                             : "whole number");
    if (number < row->min || number > row->max) {
        if (sizes) {
            setting_write_bytes(&low, row->min);
            setting_write_bytes(&high, row->max);
        } else {
            buf_printf(&low, "%" PRId64, row->min);
            buf_printf(&high, "%" PRId64, row->max);
        }
        return err_set(e, ERR_INVALID, "%.*s is not between %s and %s", STR_ARG(text),
                       buf_cstring(&low), buf_cstring(&high));
    }
    *ret = number;
    return 0;
}

static int
read_switch(struct settings *s, const struct setting *row, struct str text, struct err *e)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (!str_is(text, yes[i]) && !str_is(text, no[i]))
            continue;
        *SETTING_FIELD(s, row, bool) = str_is(text, yes[i]);
        return 0;
    }
    return err_set(e, ERR_INVALID, "'%.*s' is neither true nor false", STR_ARG(text));
}

static int
read_choice(struct settings *s, const struct setting *row, struct str text, struct err *e)
{
    cleanup_buf struct buf all = BUF_INIT;

    for (int i = 0; row->choices[i] != NULL; i++)
        if (str_is(text, row->choices[i])) {
            *SETTING_FIELD(s, row, int) = i;
            return 0;
        }
    put_choices(&all, row->choices);
    return err_set(e, ERR_INVALID, "'%.*s' is none of %s", STR_ARG(text), buf_cstring(&all));
}

/* An absolute path, without a slash at its end. */
static int
read_path(struct str text, const struct setting_place *place, char **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;

    if (text.n == 0 || memchr(text.p, '\0', text.n) != NULL)
        return err_set(e, ERR_INVALID, "a path must not be empty or contain NUL");
    if (text.p[0] == '~' && (text.n == 1 || text.p[1] == '/')) {
        if (place->home == NULL)
            return err_set(e, ERR_INVALID, "'%.*s' needs HOME to be set", STR_ARG(text));
        buf_cstr(&path, place->home);
        text = str_slice(text, 1, text.n);
    } else if (text.p[0] != '/') {
        if (place->directory == NULL)
            return err_set(e, ERR_INVALID, "'%.*s' is no absolute path", STR_ARG(text));
        buf_printf(&path, "%s/", place->directory);
    }
    buf_str(&path, text);
    while (path.n > 1 && path.p[path.n - 1] == '/')
        buf_cut(&path, path.n - 1);
    *ret = buf_take(&path);
    return 0;
}

static int
read_path_or_word(struct settings *s, const struct setting *row, struct str text,
                  const struct setting_place *place, struct err *e)
{
    char *path = NULL;

    for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
        if (str_is(text, row->choices[i]))
            path = str_dup(text);
    if (path == NULL && read_path(text, place, &path, e) < 0)
        return e->code;
    free(*SETTING_FIELD(s, row, char *));
    *SETTING_FIELD(s, row, char *) = path;
    return 0;
}

/* Lists. */

int
setting_add_text(struct settings *s, const struct setting *row, struct str text,
                 const struct setting_place *place, struct err *e)
{
    char *item = NULL;
    int64_t number;

    if (row->type == SETTING_NUMBERS && read_number(row, text, &number, e) < 0)
        return e->code;
    if (row->type == SETTING_TEXTS)
        item = str_dup(text);
    else if (row->type == SETTING_NUMBERS)
        item = xasprintf("%" PRId64, number);
    else if (read_path(text, place, &item, e) < 0)
        return e->code;
    vec_push(SETTING_FIELD(s, row, settings_list), item);
    return 0;
}

int
setting_image_target(struct str pattern, struct str target, struct settings_image *ret,
                     struct err *e)
{
    enum settings_image_kind kind = SETTINGS_IMAGE_HOST;

    if (pattern.n == 0)
        return err_set(e, ERR_INVALID, "the image's name must not be empty");
    if (str_starts(target, STR("python:")) && target.n > strlen("python:")) {
        kind = SETTINGS_IMAGE_PYTHON;
        target = str_slice(target, strlen("python:"), target.n);
    } else if (target.n > 0 && target.p[0] == '/') {
        kind = SETTINGS_IMAGE_DIRECTORY;
    } else if (!str_is(target, "host")) {
        return err_set(e, ERR_INVALID,
                       "'%.*s' is no target: expected host, python:VERSION, python:/path/to/python "
                       "or the absolute path of a directory",
                       STR_ARG(target));
    }
    *ret = (struct settings_image){.pattern = str_dup(pattern), .kind = kind};
    if (kind != SETTINGS_IMAGE_HOST)
        ret->target = str_dup(target);
    return 0;
}

static int
add_image(struct settings *s, const struct setting *row, struct str text, struct err *e)
{
    struct str target = text, pattern = str_cut(&target, '=');
    struct settings_image rule;

    if (target.p == NULL)
        return err_set(e, ERR_INVALID, "'%.*s' is no rule: expected PATTERN=TARGET", STR_ARG(text));
    if (setting_image_target(pattern, target, &rule, e) < 0)
        return e->code;
    vec_push(SETTING_FIELD(s, row, settings_images), rule);
    return 0;
}

void
setting_add_pair(struct settings *s, const struct setting *row, struct str name, struct str value)
{
    settings_pairs *pairs = SETTING_FIELD(s, row, settings_pairs);

    vec_push(pairs, ((struct settings_pair){str_dup(name), str_dup(value)}));
}

int
setting_add_item(struct settings *s, const struct setting *row, struct str item,
                 const struct setting_place *place, struct err *e)
{
    struct str value = item, name = str_cut(&value, '=');

    if (row->type == SETTING_IMAGES)
        return add_image(s, row, item, e);
    if (row->type != SETTING_PAIRS)
        return setting_add_text(s, row, item, place, e);
    if (value.p == NULL)
        return err_set(e, ERR_INVALID, "'%.*s' has no =: expected NAME=VALUE", STR_ARG(item));
    setting_add_pair(s, row, name, value);
    return 0;
}

static int
read_items(struct settings *s, const struct setting *row, struct str text,
           const struct setting_place *place, struct err *e)
{
    struct str rest = text;

    setting_clear(s, row);
    while (text.n > 0 && rest.p != NULL) {
        struct str item = str_trim(str_cut(&rest, ','));

        if (item.n > 0 && setting_add_item(s, row, item, place, e) < 0)
            return e->code;
    }
    return 0;
}

int
setting_from_text(struct settings *s, const struct setting *row, struct str text,
                  const struct setting_place *place, struct err *e)
{
    switch (row->type) {
    case SETTING_TEXT:
        setting_clear(s, row);
        *SETTING_FIELD(s, row, char *) = str_dup(text);
        return 0;
    case SETTING_PATH:
        return read_path_or_word(s, row, text, place, e);
    case SETTING_NUMBER:
    case SETTING_BYTES:
        return read_number(row, text, SETTING_FIELD(s, row, int64_t), e);
    case SETTING_SWITCH:
        return read_switch(s, row, text, e);
    case SETTING_CHOICE:
        return read_choice(s, row, text, e);
    case SETTING_TEXTS:
    case SETTING_NUMBERS:
    case SETTING_PATHS:
    case SETTING_IMAGES:
    case SETTING_PAIRS:
        return read_items(s, row, text, place, e);
    }
    return 0;
}
