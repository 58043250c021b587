/*
 * fuzz_regex - "PATTERN\nTEXT": every match lies within the text and behind the one before, a walk
 * over all of them ends, and a quoted text matches itself.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_places(const struct regex_match *m, struct str text)
{
    CHECK(m->n >= 1 && m->n <= REGEX_MAX_GROUPS + 1);
    for (size_t i = 0; i < m->n; i++) {
        const struct str *s = &m->at[i];

        CHECK(s->p == NULL ? i > 0 : s->p >= text.p && s->p + s->n <= text.p + text.n);
    }
}

static void
walk(const struct regex *r, struct str text)
{
    struct regex_match m;
    struct err e = ERR_INIT;
    const char *end = text.p;
    size_t found = 0;

    for (int rc = regex_find(r, text, 0, &m, &e); rc > 0; rc = regex_next(r, text, &m, &e)) {
        check_places(&m, text);
        CHECK(m.at[0].p >= end && found++ <= text.n);
        end = m.at[0].p + m.at[0].n;
    }
}

static void
try_quote(struct str text)
{
    cleanup_buf struct buf pattern = BUF_INIT;
    cleanup_regex struct regex *r = NULL;
    struct regex_match m;
    struct err e = ERR_INIT;

    regex_quote(&pattern, text);
    if (pattern.n > REGEX_MAX_PATTERN || regex_compile(buf_view(&pattern), &r, &e) < 0)
        return; /* not UTF-8 */
    CHECK(regex_find(r, text, 0, &m, &e) == 1 && str_eq(m.at[0], text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *copy = xmemdup(data, size);
    struct str text = str_make(copy, size), pattern = str_cut(&text, '\n');
    cleanup_buf struct buf replaced = {.max = 1 << 20};
    cleanup_regex struct regex *r = NULL;
    struct err e = ERR_INIT;

    if (text.p == NULL)
        text = STR("");
    try_quote(text);
    if (regex_compile(pattern, &r, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return 0;
    }
    walk(r, text);
    (void)regex_replace(r, text, STR("<$0-${1}$$x>"), false, &replaced, &e);
    return 0;
}
