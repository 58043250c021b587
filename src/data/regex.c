#include "data/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/err.h"

struct regex {
    pcre2_code *code;
    pcre2_match_context *context;
};

/* RE2 does not have \C, and a hostile pattern must not turn off our limits. */
static int
check_pattern(struct str pattern, struct err *e)
{
    if (pattern.n > REGEX_MAX_PATTERN)
        return err_set(e, ERR_TOOLARGE, "pattern is longer than %d bytes", REGEX_MAX_PATTERN);
    if (str_starts(pattern, STR("(*")))
        return err_set(e, ERR_INVALID,
                       "pattern '%.*s': missing argument to repetition operator at 1",
                       STR_ARG(str_slice(pattern, 0, 60)));
    return 0;
}

int
regex_compile(struct str pattern, struct regex **ret, struct err *e)
{
    struct regex *r;
    PCRE2_UCHAR text[200];
    PCRE2_SIZE at;
    int code, rc = check_pattern(pattern, e);
    pcre2_code *compiled;

    if (rc < 0)
        return rc;
    compiled =
        pcre2_compile((PCRE2_SPTR)(pattern.n > 0 ? pattern.p : ""), pattern.n,
                      PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
    if (compiled == NULL) {
        pcre2_get_error_message(code, text, sizeof text);
        return err_set(e, ERR_INVALID, "pattern '%.*s': %s at %zu",
                       STR_ARG(str_slice(pattern, 0, 60)), (const char *)text, (size_t)at);
    }
    r = NEW(struct regex);
    r->code = compiled;
    r->context = pcre2_match_context_create(NULL);
    if (r->context == NULL) {
        regex_free(r);
        return err_set(e, ERR_UNAVAILABLE, "no memory for a pattern");
    }
    pcre2_set_match_limit(r->context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(r->context, REGEX_MEMORY_KIB);
    *ret = r;
    return 0;
}

void
regex_free(struct regex *r)
{
    if (r != NULL) {
        pcre2_match_context_free(r->context);
        pcre2_code_free(r->code);
        free(r);
    }
}

static int
match_error(int rc, struct err *e)
{
    PCRE2_UCHAR text[200];

    if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT)
        return err_set(e, ERR_TOOLARGE, "pattern needs more than %d steps to match",
                       REGEX_MATCH_LIMIT);
    pcre2_get_error_message(rc, text, sizeof text);
    return err_set(e, ERR_INVALID, "cannot match the text: %s", (const char *)text);
}

static void
fill(struct regex_match *m, struct str text, pcre2_match_data *data, int groups)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    uint32_t all = pcre2_get_ovector_count(data);

    m->n = all > REGEX_MAX_GROUPS + 1 ? REGEX_MAX_GROUPS + 1 : all;
    for (size_t i = 0; i < m->n; i++) {
        m->at[i] = STR_NULL;
        /* \K can put the start behind the end. */
        if ((int)i < groups && at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1])
            m->at[i] = str_make(text.p + at[2 * i], at[2 * i + 1] - at[2 * i]);
    }
    if (m->at[0].p == NULL)
        m->at[0] = str_make(text.p + at[1], 0);
}

int
regex_find(const struct regex *r, struct str text, size_t from, struct regex_match *m,
           struct err *e)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(r->code, NULL);
    int rc;

    if (data == NULL)
        return err_set(e, ERR_UNAVAILABLE, "no memory for a match");
    if (text.p == NULL)
        text = STR("");
    rc = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, from, 0, data, r->context);
    if (rc >= 0 && m != NULL)
        fill(m, text, data, rc);
    pcre2_match_data_free(data);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    return rc < 0 ? match_error(rc, e) : 1;
}

int
regex_matches(const struct regex *r, struct str text, struct err *e)
{
    return regex_find(r, text, 0, NULL, e);
}

int
regex_next(const struct regex *r, struct str text, struct regex_match *m, struct err *e)
{
    size_t end = (size_t)(m->at[0].p - text.p) + m->at[0].n, from = end;
    int rc;

    if (text.n == 0)
        return 0;
    for (bool empty = m->at[0].n == 0;; empty = true) {
        if (empty) {
            if (from >= text.n)
                return 0;
            do
                from++;
            while (from < text.n && ((unsigned char)text.p[from] & 0xc0) == 0x80);
        }
        rc = regex_find(r, text, from, m, e);
        /* An empty match right behind the one before does not count. */
        if (rc <= 0 || m->at[0].n > 0 || (size_t)(m->at[0].p - text.p) != end)
            return rc;
    }
}

/* The name behind a dollar at s.p[0]: without braces, as many word characters as there are. */
static size_t
read_name(struct str s, struct str *name)
{
    size_t n = 1;

    if (s.n > 1 && s.p[1] == '{') {
        ptrdiff_t end = str_find_char(s, '}', 2);

        *name = end > 2 ? str_slice(s, 2, (size_t)end) : STR_NULL;
        return end > 2 ? (size_t)end + 1 : 0;
    }
    while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '_' ||
                       ((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'z')))
        n++;
    *name = str_slice(s, 1, n);
    return n > 1 ? n : 0;
}

static struct str
group(const struct regex *r, const struct regex_match *m, struct str name)
{
    char text[64];
    int64_t number;

    if (!str_to_int(name, &number)) {
        if (name.n >= sizeof text)
            return STR_NULL;
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
        number = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)text);
    }
    return number >= 0 && (size_t)number < m->n ? m->at[number] : STR_NULL;
}

static void
expand(const struct regex *r, const struct regex_match *m, struct str with, struct buf *to)
{
    for (size_t i = 0; i < with.n; i++) {
        struct str name;
        size_t n;

        if (with.p[i] != '$') {
            buf_char(to, with.p[i]);
        } else if (i + 1 < with.n && with.p[i + 1] == '$') {
            buf_char(to, '$');
            i++;
        } else if ((n = read_name(str_slice(with, i, with.n), &name)) > 0) {
            buf_str(to, group(r, m, name));
            i += n - 1;
        } else {
            buf_char(to, '$');
        }
    }
}

int
regex_replace(const struct regex *r, struct str text, struct str with, bool literal, struct buf *to,
              struct err *e)
{
    struct regex_match m;
    size_t done = 0;
    int rc;

    if (text.p == NULL)
        text = STR("");
    for (rc = regex_find(r, text, 0, &m, e); rc > 0 && !to->overflow;
         rc = regex_next(r, text, &m, e)) {
        size_t at = (size_t)(m.at[0].p - text.p);

        buf_str(to, str_slice(text, done, at));
        if (literal)
            buf_str(to, with);
        else
            expand(r, &m, with, to);
        done = at + m.at[0].n;
    }
    buf_str(to, str_slice(text, done, text.n));
    return rc < 0 ? rc : 0;
}

void
regex_quote(struct buf *to, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (memchr("\\.+*?()|[]{}^$", text.p[i], 14) != NULL)
            buf_char(to, '\\');
        buf_char(to, text.p[i]);
    }
}
