/*
 * selector_fields - the text form of field selectors.
 *
 * Terms end at a comma, and a term's operator is its first "!=", "==" or "="; in values, a
 * backslash stands before a comma, an equals sign or a backslash.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "schema/selector.h"
#include "schema/selector_int.h"

enum { SELECTOR_MAX_BYTES = 64 * 1024 };

int
selector_check_size(struct str text, struct err *e)
{
    if (text.n > SELECTOR_MAX_BYTES)
        return err_set(e, ERR_TOOLARGE, "a selector may have at most %d bytes",
                       (int)SELECTOR_MAX_BYTES);
    return 0;
}

/* Cuts a term off at the first comma without a backslash. */
static struct str
take_term(struct str *rest)
{
    size_t end = 0;
    struct str term;

    while (end < rest->n && rest->p[end] != ',')
        end += rest->p[end] == '\\' && end + 1 < rest->n ? 2 : 1;
    term = str_slice(*rest, 0, end);
    *rest = end < rest->n ? str_slice(*rest, end + 1, rest->n) : STR_NULL;
    return term;
}

static int
unescape(struct str text, struct buf *to, struct err *e)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '\\') {
            char next = i + 1 < text.n ? text.p[++i] : '\0';

            if (next != '\\' && next != ',' && next != '=')
                return err_set(e, ERR_BADREQUEST,
                               "invalid field selector: invalid escape "
                               "sequence: \\%.*s",
                               next != '\0', &next);
            c = next;
        } else if (c == ',' || c == '=') {
            return err_set(e, ERR_BADREQUEST,
                           "invalid field selector: unescaped character in value: %d", c);
        }
        buf_char(to, c);
    }
    return 0;
}

static int
add_term(struct selector *s, struct str whole, struct str term, struct err *e)
{
    cleanup_buf struct buf value = BUF_INIT;
    enum selector_op op = SELECTOR_IN;
    size_t at = 0, operator_n = 1;
    struct str text;

    while (at < term.n && term.p[at] != '=' &&
           !(term.p[at] == '!' && at + 1 < term.n && term.p[at + 1] == '='))
        at++;
    if (at == term.n)
        return err_set(e, ERR_BADREQUEST, "invalid selector: '%.*s'; can't understand '%.*s'",
                       STR_ARG(whole), STR_ARG(term));
    if (term.p[at] == '!')
        op = SELECTOR_NOT_IN;
    if (at + 1 < term.n && term.p[at + 1] == '=')
        operator_n = 2;
    if (unescape(str_slice(term, at + operator_n, term.n), &value, e) < 0)
        return e->code;
    text = buf_view(&value);
    if (text.p == NULL)
        text = STR("");
    return selector_add(s, str_slice(term, 0, at), op, &text, 1, false, e);
}

int
selector_parse_fields(struct str text, struct selector **ret, struct err *e)
{
    cleanup_selector struct selector *s = NEW(struct selector);
    struct str rest = text;

    if (selector_check_size(text, e) < 0)
        return e->code;
    while (rest.p != NULL) {
        struct str term = take_term(&rest);

        if (term.n > 0 && add_term(s, text, term, e) < 0)
            return e->code;
    }
    *ret = TAKE(s);
    return 0;
}
