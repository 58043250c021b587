#include "http/multipart.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/fields.h"

enum state { PREAMBLE, BOUNDARY_END, HEADERS, CONTENT, EPILOGUE };

/* "--" boundary, with CR LF before it.  Content that could be the beginning of one is held back in
 * `held` until it is known; the first boundary of all needs no CR LF before it, which is the same
 * as if one had been read already. */
struct multipart {
    const struct multipart_handler *handler;
    void *arg;
    enum state state;
    struct buf mark;    /* CR LF "--" boundary */
    size_t held;        /* how many octets of the mark have been read */
    struct buf headers; /* in HEADERS: lines so far; in BOUNDARY_END: what follows the boundary */
    size_t around;      /* bytes of the preamble and the epilogue */
    int parts;
};

/* Parameters of a field. */

/* A token or a quoted string into `to`; what is behind it stays in *rest. */
static bool
take_value(struct str *rest, struct buf *to)
{
    size_t i = 0;

    buf_clear(to);
    if (rest->n == 0 || rest->p[0] != '"') {
        while (i < rest->n && rest->p[i] != ';')
            i++;
        buf_str(to, str_trim(str_slice(*rest, 0, i)));
        *rest = str_slice(*rest, i, rest->n);
        return fields_is_token(buf_view(to));
    }
    for (i = 1; i < rest->n && rest->p[i] != '"'; i++) {
        /* Browsers escape a quote as %22 and leave backslashes of paths alone. */
        if (rest->p[i] == '\\' && i + 1 < rest->n && rest->p[i + 1] == '"')
            i++;
        buf_char(to, rest->p[i]);
    }
    if (i == rest->n)
        return false;
    *rest = str_slice(*rest, i + 1, rest->n);
    return true;
}

/* The value of a parameter of a field such as Content-Disposition, without its quotes, into `to`.
 * False if there is none or the field is malformed. */
static bool
parameter(struct str field, const char *name, struct buf *to)
{
    cleanup_buf struct buf value = BUF_INIT;
    struct str rest = field;

    str_cut(&rest, ';');
    while (rest.p != NULL) {
        struct str key;
        ptrdiff_t equals = str_find_char(rest, '=', 0);

        if (equals < 0)
            return false;
        key = str_trim(str_slice(rest, 0, (size_t)equals));
        rest = str_slice(rest, (size_t)equals + 1, rest.n);
        if (!take_value(&rest, &value))
            return false;
        if (fields_name_is(key, name)) {
            buf_clear(to);
            buf_str(to, buf_view(&value));
            return true;
        }
        rest = str_trim(rest);
        if (rest.n > 0 && rest.p[0] != ';')
            return false;
        rest = rest.n > 0 ? str_slice(rest, 1, rest.n) : STR_NULL;
    }
    return false;
}

static bool
is_boundary(struct str s)
{
    /* bchars of RFC 2046, section 5.1.1 */
    static const char others[] = "'()+_,-./:=? ";

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return s.n > 0 && s.n <= MULTIPART_MAX_BOUNDARY && s.p[s.n - 1] != ' ';
}

struct multipart *
multipart_new(struct str content_type, const struct multipart_handler *handler, void *arg,
              struct err *e)
{
    cleanup_buf struct buf boundary = BUF_INIT;
    struct str rest = content_type, type = str_trim(str_cut(&rest, ';'));
    struct multipart *m;

    if (!fields_name_is(type, "multipart/form-data")) {
        err_set(e, ERR_BADREQUEST, "Content-Type must be multipart/form-data, not '%.*s'",
                STR_ARG(str_slice(type, 0, 100)));
        return NULL;
    }
    if (!parameter(content_type, "boundary", &boundary) || !is_boundary(buf_view(&boundary))) {
        err_set(e, ERR_BADREQUEST,
                "Content-Type must have a boundary of 1 to %d letters, digits and '()+_,-./:=? ",
                MULTIPART_MAX_BOUNDARY);
        return NULL;
    }
    m = NEW(struct multipart);
    m->handler = handler;
    m->arg = arg;
    buf_printf(&m->mark, "\r\n--%s", boundary.p);
    m->held = 2;
    return m;
}

void
multipart_free(struct multipart *m)
{
    if (m == NULL)
        return;
    buf_done(&m->mark);
    buf_done(&m->headers);
    free(m);
}

/* Headers of a part. */

static int
begin_part(struct multipart *m, struct err *e)
{
    cleanup_buf struct buf name = BUF_INIT, filename = BUF_INIT;
    struct str rest = buf_view(&m->headers), disposition = STR_NULL;
    struct multipart_part part = {.name = STR_NULL};

    while (rest.n > 0) {
        struct str line = str_trim(str_cut(&rest, '\n')), field = str_cut(&line, ':');

        if (!fields_is_token(field) || line.p == NULL || !fields_is_value(line))
            return err_set(e, ERR_BADREQUEST, "part %d: a malformed header", m->parts);
        if (fields_name_is(field, "Content-Disposition"))
            disposition = str_trim(line);
        else if (fields_name_is(field, "Content-Type"))
            part.content_type = str_trim(line);
    }
    rest = disposition;
    if (!fields_name_is(str_trim(str_cut(&rest, ';')), "form-data") ||
        !parameter(disposition, "name", &name))
        return err_set(e, ERR_BADREQUEST,
                       "part %d: a header 'Content-Disposition: form-data; name=...' was expected",
                       m->parts);
    part.name = name.n > 0 ? buf_view(&name) : STR("");
    if (parameter(disposition, "filename", &filename))
        part.filename = filename.n > 0 ? buf_view(&filename) : STR("");
    return m->handler->on_part(m->arg, &part, e);
}

/* One octet of the headers; they end with an empty line. */
static int
take_header(struct multipart *m, char c, struct err *e)
{
    const struct buf *h = &m->headers;
    int rc = 0;

    buf_char(&m->headers, c);
    if (h->n > MULTIPART_MAX_HEADERS)
        return err_set(e, ERR_BADREQUEST, "part %d: the headers are longer than %d bytes", m->parts,
                       MULTIPART_MAX_HEADERS);
    if (c != '\n')
        return 0;
    if (h->n < 2 || h->p[h->n - 2] != '\r')
        return err_set(e, ERR_BADREQUEST, "part %d: line feed without carriage return", m->parts);
    if (h->n == 2 || (h->n >= 4 && memcmp(h->p + h->n - 4, "\r\n\r\n", 4) == 0)) {
        buf_cut(&m->headers, h->n - 2);
        rc = begin_part(m, e);
        buf_clear(&m->headers);
        m->state = CONTENT;
        m->held = 0;
    }
    return rc;
}

/* Behind a boundary: CR LF goes on, "--" is the end; white space may stand before CR LF. */
static int
take_boundary_end(struct multipart *m, char c, struct err *e)
{
    struct buf *h = &m->headers;

    buf_char(h, c);
    if (h->n == 2 && memcmp(h->p, "--", 2) == 0) {
        m->state = EPILOGUE;
        return 0;
    }
    if (h->n >= 2 && memcmp(h->p + h->n - 2, "\r\n", 2) == 0) {
        buf_clear(h);
        m->state = HEADERS;
        if (++m->parts > MULTIPART_MAX_PARTS)
            return err_set(e, ERR_BADREQUEST, "more than %d parts", MULTIPART_MAX_PARTS);
        return 0;
    }
    if (c == ' ' || c == '\t' || c == '\r' || (c == '-' && h->n == 1)) {
        if (h->n < MULTIPART_MAX_BOUNDARY)
            return 0;
    }
    return err_set(e, ERR_BADREQUEST, "something follows a boundary on its line");
}

/* Content. */

static int
give(struct multipart *m, struct str bytes, struct err *e)
{
    if (bytes.n == 0)
        return 0;
    if (m->state == CONTENT)
        return m->handler->on_bytes(m->arg, bytes, e);
    m->around += bytes.n;
    if (m->around > MULTIPART_MAX_AROUND)
        return err_set(e, ERR_BADREQUEST, "more than %d bytes outside of the parts",
                       MULTIPART_MAX_AROUND);
    return 0;
}

static int
reach_boundary(struct multipart *m, struct err *e)
{
    enum state before = m->state;

    m->state = BOUNDARY_END;
    m->held = 0;
    buf_clear(&m->headers);
    return before == CONTENT ? m->handler->on_part_end(m->arg, e) : 0;
}

/* Takes bytes up to the end of a boundary, or all.  The mark has a CR at its beginning and nowhere
 * else, so where it does not go on, it can only begin anew with that octet. */
static int
take_content(struct multipart *m, struct str bytes, size_t *ret_taken, struct err *e)
{
    struct str mark = buf_view(&m->mark);
    size_t i = 0, carried = m->held; /* octets of the mark that came with earlier bytes */

    while (i < bytes.n && m->held < mark.n) {
        if (bytes.p[i] == mark.p[m->held]) {
            m->held++;
            i++;
            continue;
        }
        if (carried > 0 && give(m, str_slice(mark, 0, carried), e) < 0)
            return e->code;
        if (m->held == 0) {
            ptrdiff_t at = str_find_char(bytes, '\r', i);

            i = at < 0 ? bytes.n : (size_t)at;
        }
        m->held = carried = 0;
    }
    *ret_taken = i;
    if (give(m, str_slice(bytes, 0, i - (m->held - carried)), e) < 0)
        return e->code;
    return m->held == mark.n ? reach_boundary(m, e) : 0;
}

int
multipart_feed(struct multipart *m, struct str bytes, struct err *e)
{
    int rc = 0;

    while (bytes.n > 0 && rc == 0) {
        size_t taken = 1;

        switch (m->state) {
        case PREAMBLE:
        case CONTENT:
            rc = take_content(m, bytes, &taken, e);
            break;
        case BOUNDARY_END:
            rc = take_boundary_end(m, bytes.p[0], e);
            break;
        case HEADERS:
            rc = take_header(m, bytes.p[0], e);
            break;
        case EPILOGUE:
            taken = bytes.n;
            rc = give(m, bytes, e);
            break;
        }
        if (rc == 0)
            bytes = str_slice(bytes, taken, bytes.n);
    }
    return rc;
}

int
multipart_end(const struct multipart *m, struct err *e)
{
    if (m->state == EPILOGUE)
        return 0;
    return err_set(e, ERR_BADREQUEST, "the form ends within part %d: its last boundary is missing",
                   m->parts);
}
