#include "cli/option.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"

struct option_use {
    const struct option *option;
    const char *value; /* NULL: a switch */
    bool negated;
};

struct options {
    const struct option *tables[2];
    VEC(struct option_use) uses;
    VEC(const char *) operands;
};

/* Whether the first n bytes of `given` are the name; '-' and '_' are the same. */
static bool
same_name(const char *name, const char *given, size_t n)
{
    if (strlen(name) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] != given[i] &&
            !((name[i] == '_' || name[i] == '-') && (given[i] == '_' || given[i] == '-')))
            return false;
    return true;
}

static const struct option *
name_in(const struct option *table, const char *given, size_t n)
{
    for (const struct option *p = table; p != NULL && p->name != NULL; p++)
        if (same_name(p->name, given, n))
            return p;
    return NULL;
}

static const struct option *
find_name(const struct options *o, const char *given, size_t n)
{
    for (size_t t = 0; t < ARRAY_LEN(o->tables); t++) {
        const struct option *p = name_in(o->tables[t], given, n);

        if (p != NULL)
            return p;
    }
    return NULL;
}

static const struct option *
letter_in(const struct option *table, char letter)
{
    for (const struct option *p = table; p != NULL && p->name != NULL; p++)
        if (p->letter == letter)
            return p;
    return NULL;
}

static const struct option *
find_letter(const struct options *o, char letter)
{
    for (size_t t = 0; t < ARRAY_LEN(o->tables); t++) {
        const struct option *p = letter_in(o->tables[t], letter);

        if (p != NULL)
            return p;
    }
    return NULL;
}

const struct option *
option_find(const struct option *table, const char *word, const char **ret_value)
{
    size_t n;

    *ret_value = NULL;
    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    if (word[1] != '-')
        return word[2] == '\0' ? letter_in(table, word[1]) : NULL;
    n = strcspn(word + 2, "=");
    if (word[2 + n] == '=')
        *ret_value = word + 2 + n + 1;
    return name_in(table, word + 2, n);
}

void
option_put_flag(struct buf *to, const char *name)
{
    buf_cstr(to, "--");
    for (; *name != '\0'; name++)
        buf_char(to, *name == '_' ? '-' : *name);
}

static int
unknown(const struct options *o, const char *given, size_t n, struct err *e)
{
    VEC(const char *) names = VEC_INIT;
    cleanup_free char *name = xstrndup(given, n);
    cleanup_buf struct buf flag = BUF_INIT;
    const char *nearest;

    for (size_t t = 0; t < ARRAY_LEN(o->tables); t++)
        for (const struct option *p = o->tables[t]; p != NULL && p->name != NULL; p++)
            vec_push(&names, p->name);
    nearest = option_nearest(name, names.at, names.n);
    vec_done(&names);
    if (nearest == NULL)
        return err_set(e, ERR_BADREQUEST, "unknown flag --%s", name);
    option_put_flag(&flag, nearest);
    return err_set(e, ERR_BADREQUEST, "unknown flag --%s; did you mean %s?", name,
                   buf_cstring(&flag));
}

/* One argument that starts with "--".  *i is its index, and moves over a separate value. */
static int
parse_long(struct options *o, int argc, char *const *argv, int *i, struct err *e)
{
    const char *given = argv[*i] + 2;
    size_t n = strcspn(given, "=");
    const char *value = given[n] == '=' ? given + n + 1 : NULL;
    const struct option *p = find_name(o, given, n);
    bool negated = false;

    if (p == NULL && n > 3 && strncmp(given, "no-", 3) == 0) {
        p = find_name(o, given + 3, n - 3);
        negated = p != NULL && p->argument == NULL;
        p = negated ? p : NULL;
    }
    if (p == NULL)
        return unknown(o, given, n, e);
    if (p->argument == NULL && value != NULL)
        return err_set(e, ERR_BADREQUEST, "flag --%.*s takes no value", (int)n, given);
    if (p->argument != NULL && value == NULL) {
        if (*i + 1 >= argc)
            return err_set(e, ERR_BADREQUEST, "flag --%.*s needs a value: %s", (int)n, given,
                           p->argument);
        value = argv[++*i];
    }
    vec_push(&o->uses, ((struct option_use){p, value, negated}));
    return 0;
}

/* One argument that starts with a single dash: letters, of which the last may take a value. */
static int
parse_letters(struct options *o, int argc, char *const *argv, int *i, struct err *e)
{
    for (const char *at = argv[*i] + 1; *at != '\0'; at++) {
        const struct option *p = find_letter(o, *at);
        const char *value = NULL;

        if (p == NULL)
            return err_set(e, ERR_BADREQUEST, "unknown flag -%c",
                           isprint((unsigned char)*at) ? *at : '?');
        if (p->argument != NULL && at[1] != '\0')
            value = at + 1;
        else if (p->argument != NULL && *i + 1 < argc)
            value = argv[++*i];
        else if (p->argument != NULL)
            return err_set(e, ERR_BADREQUEST, "flag -%c needs a value: %s", *at, p->argument);
        vec_push(&o->uses, ((struct option_use){p, value, false}));
        if (value != NULL)
            break;
    }
    return 0;
}

MEM_DEFINE_CLEANUP(struct options *, options_free)

int
options_parse(const struct option *own, const struct option *common, int argc, char *const *argv,
              int first, struct options **ret, struct err *e)
{
    CLEANUP(options_free) struct options *o = NEW(struct options);
    bool flags = true;
    int code = 0;

    o->tables[0] = own;
    o->tables[1] = common;
    for (int i = first; i < argc && code == 0; i++) {
        const char *arg = argv[i];

        if (flags && strcmp(arg, "--") == 0)
            flags = false;
        else if (flags && arg[0] == '-' && arg[1] == '-')
            code = parse_long(o, argc, argv, &i, e);
        else if (flags && arg[0] == '-' && arg[1] != '\0')
            code = parse_letters(o, argc, argv, &i, e);
        else
            vec_push(&o->operands, arg);
    }
    if (code < 0)
        return code;
    *ret = TAKE(o);
    return 0;
}

void
options_free(struct options *o)
{
    if (o == NULL)
        return;
    vec_done(&o->uses);
    vec_done(&o->operands);
    free(o);
}

/* The last use, or NULL.  Asking for a flag that no table has is our own mistake. */
static const struct option_use *
last_use(const struct options *o, const char *name)
{
    const struct option *p = find_name(o, name, strlen(name));

    CHECK(p != NULL);
    for (size_t i = o->uses.n; i > 0; i--)
        if (o->uses.at[i - 1].option == p)
            return &o->uses.at[i - 1];
    return NULL;
}

bool
option_given(const struct options *o, const char *name)
{
    return last_use(o, name) != NULL;
}

bool
option_switch(const struct options *o, const char *name, bool otherwise)
{
    const struct option_use *use = last_use(o, name);

    return use != NULL ? !use->negated : otherwise;
}

const char *
option_value(const struct options *o, const char *name)
{
    const struct option_use *use = last_use(o, name);

    return use != NULL ? use->value : NULL;
}

const char *
option_next(const struct options *o, const char *name, size_t *at)
{
    const struct option *p = find_name(o, name, strlen(name));

    CHECK(p != NULL);
    while (*at < o->uses.n) {
        const struct option_use *use = &o->uses.at[(*at)++];

        if (use->option == p)
            return use->value;
    }
    return NULL;
}

size_t
option_operand_count(const struct options *o)
{
    return o->operands.n;
}

const char *
option_operand(const struct options *o, size_t i)
{
    return i < o->operands.n ? o->operands.at[i] : NULL;
}

/* "  -o, --output FORMAT" */
static void
put_usage(struct buf *to, const struct option *p)
{
    if (p->letter != 0)
        buf_printf(to, "  -%c, ", p->letter);
    else
        buf_cstr(to, "      ");
    option_put_flag(to, p->name);
    if (p->argument != NULL)
        buf_printf(to, " %s", p->argument);
}

/* Words in lines that end before column 100; those after the first begin at `indent`. */
static void
put_words(struct buf *to, size_t indent, struct str text)
{
    enum { COLUMNS = 100 };
    size_t column = indent;

    while (text.p != NULL) {
        struct str word = str_cut(&text, ' ');

        if (column + 1 + word.n > COLUMNS && column > indent) {
            buf_char(to, '\n');
            buf_fill(to, ' ', indent);
            column = indent;
        }
        if (column > indent) {
            buf_char(to, ' ');
            column++;
        }
        buf_str(to, word);
        column += word.n;
    }
}

void
option_help(struct buf *to, const struct option *table)
{
    enum { WIDEST = 34 };
    size_t width = 0;

    for (const struct option *p = table; p->name != NULL; p++) {
        cleanup_buf struct buf usage = BUF_INIT;

        put_usage(&usage, p);
        if (usage.n > width && usage.n <= WIDEST)
            width = usage.n;
    }
    for (const struct option *p = table; p->name != NULL; p++) {
        size_t start = to->n;

        put_usage(to, p);
        if (to->n - start > width) {
            buf_char(to, '\n');
            start = to->n;
        }
        buf_fill(to, ' ', width + 2 - (to->n - start));
        put_words(to, width + 2, str_of(p->help));
        buf_cstr(to, p->repeats ? " (repeatable)\n" : "\n");
    }
}

enum { NAME_MAX_COMPARED = 63 };

/* How many letters must be changed, added, dropped or swapped with their neighbour to make b of a
 * (the restricted edit distance of Damerau and Levenshtein). */
static size_t
distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_COMPARED + 1];
    size_t an = strnlen(a, NAME_MAX_COMPARED), bn = strnlen(b, NAME_MAX_COMPARED);

    for (size_t j = 0; j <= bn; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[an % 3][bn];
}

const char *
option_nearest(const char *given, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(given) / 3 + 1; /* a third of the letters may be wrong */

    for (size_t i = 0; i < count; i++) {
        size_t d = distance(given, names[i]);

        /* One that shares nothing but its length is not what was meant. */
        if (d <= best && d < strlen(names[i]) && (nearest == NULL || d < best)) {
            nearest = names[i];
            best = d;
        }
    }
    return nearest;
}
