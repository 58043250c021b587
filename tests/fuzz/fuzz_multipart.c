/*
 * fuzz_multipart - what a form is told to contain does not depend on how its bytes are cut.  The
 * first line is the Content-Type, the rest the body.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_part(void *arg, const struct multipart_part *part, struct err *e)
{
    (void)e;
    buf_printf(arg, "<%.*s|%.*s|%.*s>", STR_ARG(part->name), STR_ARG(part->filename),
               STR_ARG(part->content_type));
    return 0;
}

static int
on_bytes(void *arg, struct str bytes, struct err *e)
{
    (void)e;
    CHECK(bytes.n > 0);
    buf_str(arg, bytes);
    return 0;
}

static int
on_part_end(void *arg, struct err *e)
{
    (void)e;
    buf_char(arg, '\0');
    return 0;
}

static const struct multipart_handler handler = {on_part, on_bytes, on_part_end};

/* 0, or -1 for a form that is refused. */
static int
read_form(struct str type, struct str body, size_t step, struct buf *to)
{
    struct err e = ERR_INIT;
    cleanup_multipart struct multipart *m = multipart_new(type, &handler, to, &e);
    int rc = m == NULL ? e.code : 0;

    for (size_t at = 0; rc == 0 && at < body.n; at += step)
        rc = multipart_feed(m, str_slice(body, at, at + step), &e);
    if (rc == 0)
        rc = multipart_end(m, &e);
    CHECK(rc == 0 || e.msg[0] != '\0');
    return rc == 0 ? 0 : -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_buf struct buf whole = BUF_INIT, cut = BUF_INIT;
    struct str body = str_make((const char *)data, size), type = str_cut(&body, '\n');
    int rc = read_form(type, body, size + 1, &whole);

    CHECK(rc == read_form(type, body, 1 + size % 3, &cut));
    CHECK(rc < 0 || str_eq(buf_view(&whole), buf_view(&cut)));
    return 0;
}
