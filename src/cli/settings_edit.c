/*
 * Editing the image rules of sluice.yaml by lines.
 *
 * A YAML library that writes documents would drop what a person wrote between
 * them.  So the rules are found as lines: the key at the left margin, items by
 * their dashes, an item's end by the indent of what follows it.  YAML has more
 * ways to write a list than this understands; therefore the new text is read
 * again, and an edit that did not lead to the rules it should is refused.
 */
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "cli/settings_file.h"
#include "cli/settings_table.h"
#include "io/file.h"

typedef VEC(struct str) lines;

struct item {
    size_t first, end; /* lines [first, end) */
};

static lines
split(struct str text)
{
    lines all = VEC_INIT;

    if (str_ends(text, STR("\n")))
        text.n--;
    while (text.n > 0 || all.n > 0) {
        vec_push(&all, str_cut(&text, '\n'));
        if (text.p == NULL)
            break;
    }
    return all;
}

static size_t
indent_of(struct str line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

/* Empty, or nothing but a comment. */
static bool
is_remark(struct str line)
{
    line = str_trim(line);
    return line.n == 0 || line.p[0] == '#';
}

static bool
is_dash(struct str line)
{
    line = str_trim(line);
    return str_is(line, "-") || str_starts(line, STR("- "));
}

/* What stands behind "images:" in the line, without a comment; false if the line has another key.
 */
static bool
key_line(struct str line, struct str *value)
{
    ptrdiff_t comment;

    if (!str_starts(line, STR("images")))
        return false;
    line = str_trim(str_slice(line, strlen("images"), line.n));
    if (line.n == 0 || line.p[0] != ':')
        return false;
    line = str_slice(line, 1, line.n);
    comment = str_find(line, STR(" #"), 0);
    *value = str_trim(comment >= 0 ? str_slice(line, 0, (size_t)comment) : line);
    return true;
}

/* The item that starts at the line: up to the next dash or anything further left, without the
 * remarks at its end, which belong to what follows. */
static struct item
item_at(const lines *all, size_t first)
{
    size_t indent = indent_of(all->at[first]), end = first + 1;

    for (size_t i = end; i < all->n; i++) {
        if (is_remark(all->at[i]))
            continue;
        if (indent_of(all->at[i]) <= indent)
            break;
        end = i + 1;
    }
    return (struct item){first, end};
}

/* The pattern of the rule that these lines make; NULL if they make none. */
static char *
pattern_of(const lines *all, struct item item)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_settings struct settings *s = NEW(struct settings);
    struct err e = ERR_INIT;

    buf_cstr(&text, "images:\n");
    for (size_t i = item.first; i < item.end; i++) {
        buf_str(&text, all->at[i]);
        buf_char(&text, '\n');
    }
    if (settings_file_parse(s, buf_view(&text), &e) < 0 || s->images.n != 1)
        return NULL;
    return TAKE(s->images.at[0].pattern);
}

static void
put_line(struct buf *to, struct str line)
{
    buf_str(to, line);
    buf_char(to, '\n');
}

static void
put_rule(struct buf *to, size_t indent, const struct settings_image *rule)
{
    buf_fill(to, ' ', indent);
    buf_cstr(to, "- ");
    setting_write_image(to, rule);
    buf_char(to, '\n');
}

/* The items below the key at line `key`, copied without those for the pattern.  Returns the line
 * behind the last one. */
static size_t
copy_items(const lines *all, size_t key, const char *pattern, struct buf *to, size_t *removed)
{
    size_t i = key + 1;

    while (i < all->n && (is_remark(all->at[i]) || is_dash(all->at[i]))) {
        struct item item = {i, i + 1};
        cleanup_free char *own = NULL;

        if (is_dash(all->at[i])) {
            item = item_at(all, i);
            own = pattern_of(all, item);
        }
        if (own != NULL && strcmp(own, pattern) == 0)
            ++*removed;
        else
            for (size_t k = item.first; k < item.end; k++)
                put_line(to, all->at[k]);
        i = item.end;
    }
    return i;
}

/* Where the first dash below the key stands. */
static size_t
items_indent(const lines *all, size_t key)
{
    for (size_t i = key + 1; i < all->n; i++)
        if (!is_remark(all->at[i]))
            return is_dash(all->at[i]) ? indent_of(all->at[i]) : 2;
    return 2;
}

/* Whether the edit led to what was meant: the rule is the first one for its pattern, or the
 * pattern has none. */
static int
verify(struct str text, const char *pattern, const struct settings_image *rule, struct err *e)
{
    cleanup_settings struct settings *s = NEW(struct settings);
    const struct settings_image *first = NULL;

    if (settings_file_parse(s, text, e) < 0)
        return e->code;
    for (size_t i = 0; first == NULL && i < s->images.n; i++)
        if (strcmp(s->images.at[i].pattern, pattern) == 0)
            first = &s->images.at[i];
    if ((first == NULL) != (rule == NULL) || (rule != NULL && first->kind != rule->kind))
        return err_set(e, ERR_UNSUPPORTED,
                       "the rules below 'images:' are written in a way that cannot be edited "
                       "safely; write them as lines that begin with '- ', or edit them by hand");
    return 0;
}

int
settings_file_edit_images(struct str text, const char *pattern, const struct settings_image *rule,
                          struct buf *ret, size_t *removed, struct err *e)
{
    cleanup_settings struct settings *was = NEW(struct settings);
    lines all = split(text);
    bool found = false;

    *removed = 0;
    if (settings_file_parse(was, text, e) < 0) {
        vec_done(&all);
        return e->code;
    }
    for (size_t i = 0; i < all.n;) {
        struct str value;
        bool here = !found && key_line(all.at[i], &value);

        /* "images: []" loses its value and becomes the head of lines; any other value stays, and
         * verify() refuses what comes of it. */
        if (here && str_is(value, "[]"))
            put_line(ret, STR("images:"));
        else
            put_line(ret, all.at[i]);
        i++;
        if (!here)
            continue;
        found = true;
        if (rule != NULL)
            put_rule(ret, items_indent(&all, i - 1), rule);
        i = copy_items(&all, i - 1, pattern, ret, removed);
    }
    if (!found && rule != NULL) {
        buf_cstr(ret, all.n > 0 ? "\nimages:\n" : "images:\n");
        put_rule(ret, 2, rule);
    }
    vec_done(&all);
    return verify(buf_view(ret), pattern, rule, e);
}

static int
edit(const char *path, const char *pattern, const struct settings_image *rule, size_t *removed,
     struct err *e)
{
    cleanup_buf struct buf old = BUF_INIT, new = BUF_INIT;
    int code = file_read(AT_FDCWD, path, SETTINGS_FILE_MAX_BYTES, &old, e);

    if (code < 0 && code != ERR_NOTFOUND)
        return code;
    *e = ERR_INIT;
    if (settings_file_edit_images(buf_view(&old), pattern, rule, &new, removed, e) < 0)
        return err_wrap(e, "%s", path);
    if (rule == NULL && *removed == 0)
        return err_set(e, ERR_NOTFOUND, "%s has no rule for '%s'", path, pattern);
    if (file_mkparents(AT_FDCWD, path, 0755, e) < 0)
        return e->code;
    return file_replace(AT_FDCWD, path, buf_view(&new), 0644, true, e);
}

int
settings_file_put_image(const char *path, const struct settings_image *rule, struct err *e)
{
    size_t removed;

    return edit(path, rule->pattern, rule, &removed, e);
}

int
settings_file_remove_image(const char *path, const char *pattern, struct err *e)
{
    size_t removed;

    return edit(path, pattern, NULL, &removed, e);
}
