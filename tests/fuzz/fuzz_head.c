/*
 * fuzz_head - heads of requests and responses, and what follows them: the verdict and the content
 * do not depend on how the bytes are cut, and what is accepted has no octet that another reader
 * could take for something else.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a reader makes of a message. */
struct verdict {
    int rc;     /* of the head: 1, 0, or -1 */
    int status; /* with which it is refused */
    int body;   /* 1: complete; 0: not yet; -1: malformed */
    struct buf content;
};

static void
check_head(const struct head *h)
{
    for (size_t i = 0; i < h->fields.n; i++) {
        CHECK(fields_is_token(h->fields.at[i].name));
        CHECK(fields_is_value(h->fields.at[i].value));
    }
    if (h->kind == HEAD_RESPONSE)
        CHECK(h->status >= 100 && h->status <= 599);
    else
        CHECK(fields_is_token(h->method) && h->target.n > 0);
}

static void
check_request(const struct head *h)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct request rq;
    struct err e = ERR_INIT;
    struct str rest, name, value;

    if (request_of_head(&a, h, false, &rq, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return;
    }
    CHECK(rq.path.n > 0 && (rq.path.p[0] == '/' || str_is(rq.path, "*")));
    CHECK(request_decode(&a, rq.path, false).p != NULL);
    rest = rq.query;
    while (request_next_parameter(&a, &rest, &name, &value, &e))
        CHECK(memchr(name.p, '\0', name.n) == NULL);
}

static void
read_body(struct framing *f, struct str bytes, size_t step, struct verdict *v)
{
    struct err e = ERR_INIT;

    v->body = f->ended;
    for (size_t at = 0; at < bytes.n && v->body == 0;) {
        struct str data;
        size_t taken;

        v->body = framing_take(f, str_slice(bytes, at, at + step), &taken, &data, &e);
        if (v->body < 0) {
            CHECK(e.msg[0] != '\0');
            v->body = -1;
            return;
        }
        buf_str(&v->content, data);
        at += taken;
    }
}

static void
read_message(enum head_kind kind, struct str bytes, size_t step, struct verdict *v)
{
    struct err e = ERR_INIT;
    struct head h;
    struct framing f;
    size_t at = 0, taken;

    head_init(&h, kind);
    for (v->rc = 0; at < bytes.n && v->rc == 0; at += taken) {
        v->rc = head_feed(&h, str_slice(bytes, at, at + step), &taken, &v->status, &e);
        if (v->rc < 0)
            break;
    }
    if (v->rc > 0) {
        check_head(&h);
        if (kind == HEAD_REQUEST)
            check_request(&h);
        v->rc = (kind == HEAD_REQUEST ? framing_of_request(&h, &f, &v->status, &e)
                                      : framing_of_response(&h, false, &f, &e)) < 0
                    ? -1
                    : 1;
    }
    if (v->rc > 0)
        read_body(&f, str_slice(bytes, at, bytes.n), step, v);
    if (v->rc < 0) {
        CHECK(e.msg[0] != '\0');
        v->rc = -1;
    }
    head_done(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);

    for (int kind = HEAD_REQUEST; kind <= HEAD_RESPONSE; kind++) {
        struct verdict whole = {.rc = 0}, cut = {.rc = 0};

        read_message((enum head_kind)kind, bytes, size + 1, &whole);
        read_message((enum head_kind)kind, bytes, 1 + size % 3, &cut);
        CHECK(whole.rc == cut.rc && whole.body == cut.body);
        CHECK(whole.body < 0 || str_eq(buf_view(&whole.content), buf_view(&cut.content)));
        buf_done(&whole.content);
        buf_done(&cut.content);
    }
    return 0;
}
