/*
 * Settings as text: the commented sluice.yaml and the table of docs/settings.md.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/settings_table.h"
#include "data/json.h"

/* Every text is quoted that YAML might take for something else; JSON's quoting is YAML's too. */
static void
write_text(struct buf *to, const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "~"};
    size_t plain =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/.-0123456789");
    bool quoted = text[0] == '\0' || text[plain] != '\0' || strchr("-.0123456789", text[0]) != NULL;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        quoted = quoted || strcasecmp(text, words[i]) == 0;
    if (quoted)
        json_write_string(to, str_of(text));
    else
        buf_cstr(to, text);
}

void
setting_write_image(struct buf *to, const struct settings_image *rule)
{
    buf_cstr(to, "{image: ");
    write_text(to, rule->pattern);
    if (rule->kind == SETTINGS_IMAGE_HOST)
        buf_cstr(to, ", host: true}");
    else {
        buf_cstr(to, rule->kind == SETTINGS_IMAGE_PYTHON ? ", python: " : ", directory: ");
        write_text(to, rule->target);
        buf_char(to, '}');
    }
}

static void
write_list(struct buf *to, const struct settings *s, const struct setting *row)
{
    const settings_list *list = SETTING_FIELD_CONST(s, row, settings_list);

    if (list->n == 0)
        buf_cstr(to, " []");
    for (size_t i = 0; i < list->n; i++) {
        buf_cstr(to, "\n  - ");
        write_text(to, list->at[i]);
    }
}

static void
write_images(struct buf *to, const struct settings *s, const struct setting *row)
{
    const settings_images *images = SETTING_FIELD_CONST(s, row, settings_images);

    if (images->n == 0)
        buf_cstr(to, " []");
    for (size_t i = 0; i < images->n; i++) {
        buf_cstr(to, "\n  - ");
        setting_write_image(to, &images->at[i]);
    }
}

static void
write_pairs(struct buf *to, const struct settings *s, const struct setting *row)
{
    const settings_pairs *pairs = SETTING_FIELD_CONST(s, row, settings_pairs);

    if (pairs->n == 0)
        buf_cstr(to, " {}");
    for (size_t i = 0; i < pairs->n; i++) {
        buf_cstr(to, "\n  ");
        write_text(to, pairs->at[i].name);
        buf_cstr(to, ": ");
        write_text(to, pairs->at[i].value);
    }
}

static void
write_yaml(struct buf *to, const struct settings *s, const struct setting *row)
{
    buf_printf(to, "%s:", row->name);
    switch (row->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        buf_char(to, ' ');
        write_text(to, *SETTING_FIELD_CONST(s, row, char *));
        break;
    case SETTING_NUMBER:
        buf_printf(to, " %" PRId64, *SETTING_FIELD_CONST(s, row, int64_t));
        break;
    case SETTING_BYTES:
        buf_char(to, ' ');
        setting_write_bytes(to, *SETTING_FIELD_CONST(s, row, int64_t));
        break;
    case SETTING_SWITCH:
        buf_cstr(to, *SETTING_FIELD_CONST(s, row, bool) ? " true" : " false");
        break;
    case SETTING_CHOICE:
        buf_printf(to, " %s", row->choices[*SETTING_FIELD_CONST(s, row, int)]);
        break;
    case SETTING_TEXTS:
    case SETTING_NUMBERS:
    case SETTING_PATHS:
        write_list(to, s, row);
        break;
    case SETTING_IMAGES:
        write_images(to, s, row);
        break;
    case SETTING_PAIRS:
        write_pairs(to, s, row);
        break;
    }
    buf_char(to, '\n');
}

/* Words in comment lines of at most 100 columns. */
static void
write_comment(struct buf *to, struct str text)
{
    enum { COLUMNS = 100 };
    size_t line = to->n;

    buf_char(to, '#');
    while (text.p != NULL) {
        struct str word = str_cut(&text, ' ');

        if (to->n - line + 1 + word.n > COLUMNS) {
            buf_cstr(to, "\n#");
            line = to->n - 1;
        }
        buf_char(to, ' ');
        buf_str(to, word);
    }
    buf_char(to, '\n');
}

static void
write_bounds(struct buf *to, const struct setting *row)
{
    if (row->type == SETTING_NUMBER || row->type == SETTING_NUMBERS)
        buf_printf(to, "%" PRId64 " to %" PRId64, row->min, row->max);
    if (row->type == SETTING_BYTES) {
        setting_write_bytes(to, row->min);
        buf_cstr(to, " to ");
        setting_write_bytes(to, row->max);
    }
    if (row->type == SETTING_CHOICE)
        for (size_t i = 0; row->choices[i] != NULL; i++)
            buf_printf(to, "%s%s", i > 0 ? ", " : "", row->choices[i]);
}

/* Each line of `text` behind a '#'. */
static void
write_commented_out(struct buf *to, struct str text)
{
    while (text.n > 0) {
        buf_char(to, '#');
        buf_str(to, str_cut(&text, '\n'));
        buf_char(to, '\n');
    }
}

static void
write_setting(struct buf *to, const struct settings *s, const struct setting *row)
{
    static const char *const from[] = {"default", "file", "environment", "flag"};
    enum settings_origin origin = settings_origin(s, row->name);
    cleanup_buf struct buf value = BUF_INIT, facts = BUF_INIT, bounds = BUF_INIT;
    char variable[64];

    setting_variable(row, variable, sizeof variable);
    write_comment(to, str_of(row->help));
    write_bounds(&bounds, row);
    buf_printf(&facts, "%s%s%s.", buf_cstring(&bounds), bounds.n > 0 ? "; " : "", variable);
    if (origin == SETTINGS_ENVIRONMENT || origin == SETTINGS_FLAG)
        buf_printf(&facts, " Set by %s.", from[origin]);
    write_comment(to, buf_view(&facts));
    write_yaml(&value, s, row);
    if (origin != SETTINGS_DEFAULT) {
        buf_str(to, buf_view(&value));
        return;
    }
    if (row->example != NULL) {
        buf_printf(to, "#%s:\n", row->name);
        write_commented_out(to, str_of(row->example));
    } else {
        write_commented_out(to, buf_view(&value));
    }
}

void
settings_print_yaml(struct buf *to, const struct settings *s)
{
    size_t n;
    const struct setting *rows = settings_table(&n);

    buf_cstr(to, "# sluice.yaml: the settings of sluice.  What is commented out shows the default, "
                 "or an example.\n# A flag counts before its variable, that before this file.\n");
    for (size_t i = 0; i < n; i++) {
        buf_char(to, '\n');
        write_setting(to, s, &rows[i]);
    }
}

void
settings_print_markdown(struct buf *to)
{
    size_t n;
    const struct setting *rows = settings_table(&n);

    buf_cstr(to, "| Setting | Variable | Default | Bounds | What it is |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf bounds = BUF_INIT;
        char variable[64];

        setting_variable(&rows[i], variable, sizeof variable);
        write_bounds(&bounds, &rows[i]);
        buf_printf(to, "| `%s` | `%s` | ", rows[i].name, variable);
        if (rows[i].standard[0] != '\0')
            buf_printf(to, "`%s`", rows[i].standard);
        buf_printf(to, " | %s | %s |\n", buf_cstring(&bounds), rows[i].help);
    }
}
