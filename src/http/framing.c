#include "http/framing.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/head.h"
#include "http/limits.h"
#include "http/octets.h"

enum state {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a line behind the last chunk */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
};

enum { MAX_SIZE_DIGITS = 15 }; /* fits 63 bits */

static int
refuse(int *ret_status, int status, struct err *e, const char *why)
{
    *ret_status = status;
    return err_set(e, status == 501 ? ERR_UNSUPPORTED : ERR_BADREQUEST, "%s", why);
}

static int
parse_length(const struct head *h, struct framing *ret, struct err *e)
{
    struct str text = fields_get(&h->fields, "Content-Length");
    int64_t length;

    if (fields_count(&h->fields, "Content-Length") > 1)
        return err_set(e, ERR_BADREQUEST, "more than one Content-Length");
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return err_set(e, ERR_BADREQUEST,
                           "Content-Length must be a number of bytes, not '%.*s'",
                           STR_ARG(str_slice(text, 0, 40)));
    if (!str_to_int(text, &length))
        return err_set(e, ERR_BADREQUEST, "Content-Length must be a number of bytes up to 2^63-1");
    *ret = (struct framing){.kind = length == 0 ? FRAMING_NONE : FRAMING_LENGTH,
                            .left = (uint64_t)length,
                            .ended = length == 0};
    return 0;
}

/* A list of codings that exist, with a lone "chunked" at its end. */
static bool
is_sound_list(struct str list)
{
    static const char *const known[] = {"gzip", "x-gzip", "deflate", "compress", "x-compress"};

    while (list.p != NULL) {
        struct str item = str_trim(str_cut(&list, ','));
        bool found = list.p == NULL && fields_name_is(item, "chunked");

        for (size_t i = 0; i < ARRAY_LEN(known) && list.p != NULL; i++)
            found = found || fields_name_is(item, known[i]);
        if (!found)
            return false;
    }
    return true;
}

/* Common to both directions: a transfer coding is there. */
static int
parse_coding(const struct head *h, struct framing *ret, int *ret_status, struct err *e)
{
    struct str coding = fields_get(&h->fields, "Transfer-Encoding");

    if (fields_count(&h->fields, "Content-Length") > 0)
        return refuse(ret_status, 400, e, "both Content-Length and Transfer-Encoding");
    if (h->minor == 0)
        return refuse(ret_status, 400, e, "HTTP/1.0 has no Transfer-Encoding");
    if (fields_count(&h->fields, "Transfer-Encoding") > 1)
        return refuse(ret_status, 400, e, "more than one Transfer-Encoding");
    *ret = (struct framing){.kind = FRAMING_CHUNKED};
    if (fields_name_is(coding, "chunked"))
        return 0;
    if (is_sound_list(coding))
        return refuse(ret_status, 501, e, "the only transfer coding that is understood is chunked");
    return refuse(ret_status, 400, e, "Transfer-Encoding must be chunked");
}

int
framing_of_request(const struct head *h, struct framing *ret, int *ret_status, struct err *e)
{
    *ret_status = 400;
    *ret = (struct framing){.kind = FRAMING_NONE, .ended = true};
    if (fields_count(&h->fields, "Transfer-Encoding") > 0)
        return parse_coding(h, ret, ret_status, e);
    if (fields_count(&h->fields, "Content-Length") > 0)
        return parse_length(h, ret, e);
    return 0;
}

int
framing_of_response(const struct head *h, bool bodyless, struct framing *ret, struct err *e)
{
    struct framing said = {.kind = FRAMING_CLOSE};
    int status, rc = 0;

    if (fields_count(&h->fields, "Transfer-Encoding") > 0)
        rc = parse_coding(h, &said, &status, e);
    else if (fields_count(&h->fields, "Content-Length") > 0)
        rc = parse_length(h, &said, e);
    if (rc < 0)
        return rc;
    if (bodyless || h->status < 200 || h->status == 204 || h->status == 304)
        said = (struct framing){.kind = FRAMING_NONE, .ended = true};
    *ret = said;
    return 0;
}

static int
step_size(struct framing *f, unsigned char c, struct err *e)
{
    int digit = octet_hex((char)c);
    bool ends = c == ';' || octet_class(c) == OCTET_CR;

    if (digit >= 0 && f->digits == MAX_SIZE_DIGITS)
        return err_set(e, ERR_BADREQUEST, "the size of a chunk has more than %d digits",
                       MAX_SIZE_DIGITS);
    if (digit >= 0) {
        f->left = f->left * 16 + (uint64_t)digit;
        f->digits++;
        return SIZE;
    }
    if (f->digits > 0 && ends)
        return c == ';' ? EXTENSION : SIZE_LF;
    return err_set(e, ERR_BADREQUEST, "byte 0x%02x in the size of a chunk", c);
}

/* One octet that is not content.  The state after it, or negative. */
static int
step(struct framing *f, unsigned char c, struct err *e)
{
    enum octet class = octet_class(c);
    bool in_text = class != OCTET_CONTROL && class != OCTET_CR && class != OCTET_LF;

    switch ((enum state)f->state) {
    case SIZE:
        return step_size(f, c, e);
    case EXTENSION:
        if (in_text || class == OCTET_CR)
            return in_text ? EXTENSION : SIZE_LF;
        return err_set(e, ERR_BADREQUEST, "byte 0x%02x in the extension of a chunk", c);
    case SIZE_LF:
        if (class == OCTET_LF)
            return f->left > 0 ? DATA : TRAILER;
        break;
    case DATA_CR:
        if (class == OCTET_CR)
            return DATA_LF;
        return err_set(e, ERR_BADREQUEST, "a chunk is longer than its size says");
    case DATA_LF:
        if (class == OCTET_LF) {
            f->digits = 0;
            return SIZE;
        }
        break;
    case TRAILER:
        if (class == OCTET_CR || class == OCTET_TOKEN)
            return class == OCTET_CR ? END_LF : TRAILER_NAME;
        return err_set(e, ERR_BADREQUEST, "byte 0x%02x at the start of a trailer", c);
    case TRAILER_NAME:
        if (class == OCTET_TOKEN || class == OCTET_COLON)
            return class == OCTET_TOKEN ? TRAILER_NAME : TRAILER_VALUE;
        return err_set(e, ERR_BADREQUEST, "byte 0x%02x in the name of a trailer", c);
    case TRAILER_VALUE:
        if (in_text || class == OCTET_CR)
            return in_text ? TRAILER_VALUE : TRAILER_LF;
        return err_set(e, ERR_BADREQUEST, "byte 0x%02x in the value of a trailer", c);
    case TRAILER_LF:
        if (class == OCTET_LF)
            return TRAILER;
        break;
    case END_LF:
        if (class == OCTET_LF) {
            f->ended = true;
            return END_LF;
        }
        break;
    case DATA: /* not here */
        break;
    }
    return err_set(e, ERR_BADREQUEST, "carriage return without line feed in a chunked body");
}

static bool
counts(int state)
{
    return state == EXTENSION || state >= TRAILER_NAME;
}

static int
take_chunked(struct framing *f, struct str bytes, size_t *ret_taken, struct str *ret_data,
             struct err *e)
{
    size_t i = 0;

    while (i < bytes.n && f->state != DATA && !f->ended) {
        int to = step(f, (unsigned char)bytes.p[i++], e);

        if (to < 0)
            return to;
        if (counts(to) && ++f->overhead > LIMIT_CHUNK_OVERHEAD)
            return err_set(e, ERR_BADREQUEST, "more than %d bytes of chunk extensions and trailers",
                           LIMIT_CHUNK_OVERHEAD);
        f->state = to;
    }
    if (f->state == DATA && i < bytes.n) {
        size_t n = bytes.n - i < f->left ? bytes.n - i : (size_t)f->left;

        *ret_data = str_slice(bytes, i, i + n);
        i += n;
        f->left -= n;
        if (f->left == 0)
            f->state = DATA_CR;
    }
    *ret_taken = i;
    return f->ended;
}

int
framing_take(struct framing *f, struct str bytes, size_t *ret_taken, struct str *ret_data,
             struct err *e)
{
    size_t n = bytes.n;

    *ret_taken = 0;
    *ret_data = str_slice(bytes, 0, 0);
    if (f->ended)
        return 1;
    if (f->kind == FRAMING_CHUNKED)
        return take_chunked(f, bytes, ret_taken, ret_data, e);
    if (f->kind == FRAMING_LENGTH) {
        if (n > f->left)
            n = (size_t)f->left;
        f->left -= n;
        f->ended = f->left == 0;
    }
    *ret_taken = n;
    *ret_data = str_slice(bytes, 0, n);
    return f->ended;
}

int
framing_end(struct framing *f, struct err *e)
{
    if (f->kind == FRAMING_CLOSE)
        f->ended = true;
    if (f->ended)
        return 0;
    if (f->kind == FRAMING_LENGTH)
        return err_set(e, ERR_BADREQUEST,
                       "the connection ended %" PRIu64 " bytes before the end of the body",
                       f->left);
    return err_set(e, ERR_BADREQUEST, "the connection ended within a chunked body");
}

struct str
framing_chunk_head(size_t n, char room[FRAMING_CHUNK_HEAD])
{
    return str_make(room, (size_t)snprintf(room, FRAMING_CHUNK_HEAD, "%zx\r\n", n));
}
