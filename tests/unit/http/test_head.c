#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/limits.h"
#include "http/request.h"
#include "tests/unit/test.h"

/* Parses a head, giving it `step` bytes at a time.  1, or the status with which it is refused. */
static int
parse(struct head *h, enum head_kind kind, const char *text, size_t n, size_t step, struct err *e)
{
    int status = 0;

    head_init(h, kind);
    for (size_t at = 0; at < n;) {
        size_t taken, size = n - at < step ? n - at : step;
        int rc = head_feed(h, str_make(text + at, size), &taken, &status, e);

        if (rc < 0)
            return status;
        if (rc > 0)
            return 1;
        at += taken;
    }
    return 0;
}

/* The whole judgement of a request: head, framing, target and Host. */
static int
judge(const char *text, size_t n, size_t step, struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct head h;
    struct framing framing;
    struct request rq;
    int status, rc = parse(&h, HEAD_REQUEST, text, n, step, e);

    if (rc == 1 && framing_of_request(&h, &framing, &status, e) < 0)
        rc = status;
    if (rc == 1 && request_of_head(&a, &h, false, &rq, e) < 0)
        rc = 400;
    head_done(&h);
    return rc;
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define LITERAL(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t n;
    int status; /* 1: served */
    const char *why;
} requests[] = {
    {LITERAL(GET "\r\n"), 1, ""},
    {LITERAL("\r\n" GET "\r\n"), 1, ""},
    {LITERAL("\r\n\r\n" GET "\r\n"), 400, "byte 0x0d in the request line"},
    {LITERAL("GET / HTTP/1.0\r\n\r\n"), 1, ""},
    {LITERAL(GET "Accept:\ttext/html , */* \t\r\nX: \xc3\xa4\r\n\r\n"), 1, ""},
    /* Lines and octets. */
    {LITERAL("GET / HTTP/1.1\nHost: a\n\n"), 400,
     "line feed without carriage return in the version"},
    {LITERAL(GET "A: b\nC: d\r\n\r\n"), 400, "line feed without carriage return in the value"},
    {LITERAL(GET "A: b\rC: d\r\n\r\n"), 400,
     "carriage return without line feed at the end of a field"},
    {LITERAL(GET "\rX: a\r\n\r\n"), 400,
     "carriage return without line feed at the end of the head"},
    {LITERAL(GET "A: b\0c\r\n\r\n"), 400, "byte 0x00 in the value of a field"},
    {LITERAL(GET "A\0: b\r\n\r\n"), 400, "byte 0x00 in the name of a field"},
    {LITERAL("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "byte 0x00 in the target"},
    {LITERAL(GET "A: b\x7f\r\n\r\n"), 400, "byte 0x7f"},
    {LITERAL(GET "A: b\x0b\r\n\r\n"), 400, "byte 0x0b"},
    {LITERAL(GET " folded\r\n\r\n"), 400, "folded"},
    {LITERAL(GET "A: b\r\n\tfolded\r\n\r\n"), 400, "folded"},
    {LITERAL("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400, "folded"},
    {LITERAL(GET "A : b\r\n\r\n"), 400, "white space between"},
    {LITERAL(GET "A\t: b\r\n\r\n"), 400, "white space between"},
    {LITERAL(GET "A\r\n\r\n"), 400, "byte 0x0d in the name of a field"},
    {LITERAL(GET ": b\r\n\r\n"), 400, "byte 0x3a in the start"},
    {LITERAL(GET "A(b): c\r\n\r\n"), 400, "byte 0x28 in the name"},
    {LITERAL(GET "\xc3\xa4: c\r\n\r\n"), 400, "byte 0xc3"},
    /* The request line. */
    {LITERAL("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "byte 0x20 in the target"},
    {LITERAL("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400, "byte 0x20 in the version"},
    {LITERAL("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "byte 0x20 in the version"},
    {LITERAL("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "byte 0xc3 in the target"},
    {LITERAL("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "byte 0x28 in the method"},
    {LITERAL("GET /\r\nHost: a\r\n\r\n"), 400, "byte 0x0d in the target"},
    {LITERAL("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505, "HTTP/1.0 and HTTP/1.1"},
    {LITERAL("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505, "HTTP/1.0 and HTTP/1.1"},
    {LITERAL("GET / http/1.1\r\nHost: a\r\n\r\n"), 400, "the version must be"},
    {LITERAL("GET / HTTP/1.1x\r\nHost: a\r\n\r\n"), 400, "the version must be"},
    {LITERAL("\x16\x03\x01\x02"), 400, "byte 0x16 in the request line"},
    /* The target. */
    {LITERAL("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "begins with '/'"},
    {LITERAL("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "begins with '/'"},
    {LITERAL("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 1, ""},
    {LITERAL("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), 400, "begins with '/'"},
    {LITERAL("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'.' or '..'"},
    {LITERAL("GET /a/%2E%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'.' or '..'"},
    {LITERAL("GET /a/.%2e HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'.' or '..'"},
    {LITERAL("GET /a/./b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'.' or '..'"},
    {LITERAL("GET /a/...b/.c HTTP/1.1\r\nHost: a\r\n\r\n"), 1, ""},
    {LITERAL("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "malformed escape"},
    {LITERAL("GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "malformed escape"},
    {LITERAL("GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "escaped NUL"},
    {LITERAL("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'#'"},
    {LITERAL("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "'\\'"},
    {LITERAL("GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"), 1, ""},
    {LITERAL("GET http://A:80/b HTTP/1.1\r\nHost: a:80\r\n\r\n"), 1, ""},
    {LITERAL("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "differ"},
    {LITERAL("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "differ"},
    {LITERAL("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "no path"},
    /* Host. */
    {LITERAL("GET / HTTP/1.1\r\n\r\n"), 400, "no Host"},
    {LITERAL(GET "Host: a\r\n\r\n"), 400, "more than one Host"},
    {LITERAL("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: a:-1\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: [::1]x:1\r\n\r\n"), 400, "is no host"},
    {LITERAL("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 1, ""},
    {LITERAL("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"), 1, ""},
    /* Framing: what two readers could take differently. */
    {LITERAL(POST "Content-Length: 5\r\n\r\n"), 1, ""},
    {LITERAL(POST "Transfer-Encoding: chunked\r\n\r\n"), 1, ""},
    {LITERAL(POST "Transfer-Encoding: Chunked\r\n\r\n"), 1, ""},
    {LITERAL(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "both"},
    {LITERAL(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400, "both"},
    {LITERAL(POST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n"), 400, "both"},
    {LITERAL(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400, "more than one Content"},
    {LITERAL(POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"), 400, "more than one Content"},
    {LITERAL(POST "Content-Length: 5, 5\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: +5\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: -1\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: 0x5\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: 5 5\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length:\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: 9223372036854775808\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Content-Length: 99999999999999999999999\r\n\r\n"), 400, "a number of bytes"},
    {LITERAL(POST "Transfer-Encoding: xchunked\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: chunked, identity\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: chunked,\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: , chunked\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: chunked;q=1\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: \x0b"
                  "chunked\r\n\r\n"),
     400, "byte 0x0b"},
    {LITERAL(POST "Transfer-Encoding : chunked\r\n\r\n"), 400, "white space between"},
    {LITERAL(POST " Transfer-Encoding: chunked\r\n\r\n"), 400, "folded"},
    {LITERAL(POST "Transfer-Encoding:\r\n chunked\r\n\r\n"), 400, "folded"},
    {LITERAL(POST "X: y\nTransfer-Encoding: chunked\r\n\r\n"), 400, "line feed without"},
    {LITERAL(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"), 400,
     "more than one"},
    {LITERAL(POST "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 400,
     "more than one"},
    {LITERAL(POST "Transfer-Encoding: identity\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding:\r\n\r\n"), 400, "must be chunked"},
    {LITERAL(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, "understood"},
    {LITERAL("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "HTTP/1.0 has no"},
};

TEST(what_is_ambiguous_in_a_request_is_refused_however_it_is_cut)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const size_t steps[] = {1, 7, 1 << 20};

        for (size_t k = 0; k < 3; k++) {
            struct err e = ERR_INIT;
            int status = judge(requests[i].text, requests[i].n, steps[k], &e);

            if (status != requests[i].status)
                fail_msg("%s: got %d (%s), want %d", requests[i].text, status, e.msg,
                         requests[i].status);
            CHECK_CONTAINS(e.msg, requests[i].why);
        }
    }
}

TEST(a_request_is_taken_apart)
{
    cleanup_arena struct arena a = ARENA_INIT;
    const char *text =
        "PATCH /api/v1/pods/a%2fb?x=1&y=a+b%20c HTTP/1.1\r\nHOST: Example.COM:8080\r\n"
        "accept: a, b ,c\r\nX-Empty:\r\nAccept: d\r\n\r\nrest";
    struct head h;
    struct request rq;
    struct err e = ERR_INIT;
    struct str rest, name, value;
    size_t taken;
    int status;

    head_init(&h, HEAD_REQUEST);
    CHECK_FALSE(head_has_begun(&h));
    CHECK_INT(head_feed(&h, str_of(text), &taken, &status, &e), 1);
    CHECK_TRUE(head_has_begun(&h));
    CHECK_STR(text + taken, "rest");
    CHECK_INT(request_of_head(&a, &h, true, &rq, &e), 0);
    CHECK_VIEW(rq.method, "PATCH");
    CHECK_VIEW(rq.path, "/api/v1/pods/a%2fb");
    CHECK_VIEW(rq.query, "x=1&y=a+b%20c");
    CHECK_VIEW(rq.host, "example.com");
    CHECK_INT(rq.port, 8080);
    CHECK_INT(rq.minor, 1);
    CHECK_TRUE(rq.secure);
    CHECK_INT(rq.fields.n, 4);
    CHECK_VIEW(fields_get(&rq.fields, "x-empty"), "");
    CHECK_NULL(fields_get(&rq.fields, "x-none").p);
    CHECK_INT(fields_count(&rq.fields, "ACCEPT"), 2);
    CHECK_TRUE(fields_has_token(&rq.fields, "Accept", "B"));
    CHECK_TRUE(fields_has_token(&rq.fields, "Accept", "d"));
    CHECK_FALSE(fields_has_token(&rq.fields, "Accept", "e"));
    rest = rq.query;
    CHECK_TRUE(request_next_parameter(&a, &rest, &name, &value, &e));
    CHECK_VIEW(name, "x");
    CHECK_TRUE(request_next_parameter(&a, &rest, &name, &value, &e));
    CHECK_VIEW(name, "y");
    CHECK_VIEW(value, "a b c");
    CHECK_FALSE(request_next_parameter(&a, &rest, &name, &value, &e));
    CHECK_INT(e.code, 0);
    rest = STR("a&&b=%4");
    CHECK_TRUE(request_next_parameter(&a, &rest, &name, &value, &e));
    CHECK_VIEW(value, "");
    CHECK_FALSE(request_next_parameter(&a, &rest, &name, &value, &e));
    CHECK_STR(e.msg, "malformed escape in the query parameter 'b=%4'");
    head_done(&h);
}

TEST(ceilings_of_a_head_are_named)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    buf_cstr(&text, "GET /");
    buf_fill(&text, 'a', LIMIT_TARGET_BYTES);
    CHECK_INT(judge(text.p, text.n, 1000, &e), 414);
    CHECK_STR(e.msg, "the request line is longer than 16384 bytes");

    /* The same, however the bytes come. */
    buf_cstr(&text, " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_INT(judge(text.p, text.n, text.n, &e), 414);
    CHECK_STR(e.msg, "the request line is longer than 16384 bytes");

    buf_clear(&text);
    buf_cstr(&text, GET "A: ");
    buf_fill(&text, 'a', LIMIT_HEAD_BYTES);
    CHECK_INT(judge(text.p, text.n, 1000, &e), 431);
    CHECK_STR(e.msg, "the head is longer than 65536 bytes");

    buf_clear(&text);
    buf_cstr(&text, GET);
    for (int i = 0; i < FIELDS_MAX - 1; i++)
        buf_cstr(&text, "A: b\r\n");
    buf_cstr(&text, "\r\n");
    CHECK_INT(judge(text.p, text.n, text.n, &e), 1);
    buf_cut(&text, text.n - 2);
    buf_cstr(&text, "A: b\r\n");
    CHECK_INT(judge(text.p, text.n, text.n, &e), 431);
    CHECK_STR(e.msg, "the head has more than 128 fields");
}

TEST(responses_are_parsed_and_their_bodies_end_where_the_head_says)
{
    static const struct {
        const char *text;
        bool bodyless;
        int status; /* 0: refused */
        enum framing_kind kind;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, 200, FRAMING_LENGTH},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, 200, FRAMING_NONE},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", false, 200, FRAMING_CHUNKED},
        {"HTTP/1.1 200\r\n\r\n", false, 200, FRAMING_CLOSE},
        {"HTTP/1.0 404 not here\r\n\r\n", false, 404, FRAMING_CLOSE},
        {"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", false, 204, FRAMING_NONE},
        {"HTTP/1.1 304 Same\r\n\r\n", false, 304, FRAMING_NONE},
        {"HTTP/1.1 100 Continue\r\n\r\n", false, 100, FRAMING_NONE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, 0, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", false, 0, 0},
        {"HTTP/1.1 99 OK\r\n\r\n", false, 0, 0},
        {"HTTP/1.1 600 OK\r\n\r\n", false, 0, 0},
        {"HTTP/1.1 +20 OK\r\n\r\n", false, 0, 0},
        {"HTTP/1.1  200 OK\r\n\r\n", false, 0, 0},
        {"HTTP/2 200 OK\r\n\r\n", false, 0, 0},
        {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", false, 0, 0},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", false, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = ERR_INIT;
        struct head h;
        struct framing f = {.kind = FRAMING_NONE};
        bool fine = parse(&h, HEAD_RESPONSE, cases[i].text, strlen(cases[i].text), 3, &e) == 1 &&
                    framing_of_response(&h, cases[i].bodyless, &f, &e) == 0;

        if (fine != (cases[i].status != 0))
            fail_msg("%s: %s", cases[i].text, fine ? "accepted" : e.msg);
        if (fine) {
            CHECK_INT(h.status, cases[i].status);
            CHECK_INT(f.kind, cases[i].kind);
        }
        head_done(&h);
    }
}

/* Decodes a chunked body, `step` bytes at a time.  1: ended; 0: more is needed; negative. */
static int
decode(const char *text, size_t n, size_t step, struct buf *to, size_t *ret_at, struct err *e)
{
    struct framing f = {.kind = FRAMING_CHUNKED};
    int rc = 0;

    buf_clear(to);
    for (*ret_at = 0; *ret_at < n && rc == 0;) {
        size_t taken, size = n - *ret_at < step ? n - *ret_at : step;
        struct str data;

        rc = framing_take(&f, str_make(text + *ret_at, size), &taken, &data, e);
        if (rc >= 0)
            buf_str(to, data);
        *ret_at += taken;
    }
    return rc;
}

TEST(a_chunked_body_ends_where_every_reader_says_it_does)
{
    static const struct {
        const char *text;
        size_t n;
        int rc;
        const char *what; /* the content, or why not */
    } cases[] = {
        {LITERAL("5\r\nhello\r\n0\r\n\r\n"), 1, "hello"},
        {LITERAL("5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\nC: d\r\n\r\n"), 1, "hello world"},
        {LITERAL("a\r\n0123456789\r\n00\r\n\r\n"), 1, "0123456789"},
        {LITERAL("5\r\nhel"), 0, "hel"},
        {LITERAL("5\nhello\r\n"), -1, "byte 0x0a in the size"},
        {LITERAL("5\rhello"), -1, "carriage return without line feed"},
        {LITERAL("5 \r\nhello"), -1, "byte 0x20 in the size"},
        {LITERAL(" 5\r\nhello"), -1, "byte 0x20 in the size"},
        {LITERAL("+5\r\nhello"), -1, "byte 0x2b in the size"},
        {LITERAL("-5\r\nhello"), -1, "byte 0x2d in the size"},
        {LITERAL("0x5\r\nhello"), -1, "byte 0x78 in the size"},
        {LITERAL("5_0\r\nhello"), -1, "byte 0x5f in the size"},
        {LITERAL("\r\nhello"), -1, "byte 0x0d in the size"},
        {LITERAL("ffffffffffffffff\r\n"), -1, "more than 15 digits"},
        {LITERAL("0000000000000005\r\n"), -1, "more than 15 digits"},
        {LITERAL("5\r\nhello!\r\n"), -1, "longer than its size"},
        {LITERAL("5\r\nhello\n0\r\n"), -1, "longer than its size"},
        {LITERAL("5\r\nhello\rx"), -1, "carriage return without line feed"},
        {LITERAL("5;a\nb\r\nhello"), -1, "byte 0x0a in the extension"},
        {LITERAL("5;a\0b\r\nhello"), -1, "byte 0x00 in the extension"},
        {LITERAL("5;a\rb\r\nhello"), -1, "carriage return without line feed"},
        {LITERAL("0\r\n A: b\r\n\r\n"), -1, "byte 0x20 at the start of a trailer"},
        {LITERAL("0\r\nA : b\r\n\r\n"), -1, "byte 0x20 in the name of a trailer"},
        {LITERAL("0\r\nA: b\nC: d\r\n\r\n"), -1, "byte 0x0a in the value of a trailer"},
        {LITERAL("0\r\n\rx"), -1, "carriage return without line feed"},
    };
    cleanup_buf struct buf text = BUF_INIT;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step < 30; step++) {
            struct err e = ERR_INIT;
            size_t at;
            int rc = decode(cases[i].text, cases[i].n, step, &text, &at, &e);

            if ((rc < 0) != (cases[i].rc < 0) || (rc >= 0 && rc != cases[i].rc))
                fail_msg("%s: got %d, %s", cases[i].text, rc, e.msg);
            if (rc < 0)
                CHECK_CONTAINS(e.msg, cases[i].what);
            else
                CHECK_STR(buf_cstring(&text), cases[i].what);
        }
    }
}

TEST(what_follows_a_body_is_left_for_the_next_message)
{
    cleanup_buf struct buf text = BUF_INIT;
    const char *wire = "3\r\nabc\r\n0\r\n\r\nGET /";
    struct framing f = {.kind = FRAMING_LENGTH, .left = 3};
    struct err e = ERR_INIT;
    struct str data;
    size_t at, taken;

    CHECK_INT(decode(wire, strlen(wire), 100, &text, &at, &e), 1);
    CHECK_STR(wire + at, "GET /");
    CHECK_INT(framing_take(&f, STR("ab"), &taken, &data, &e), 0);
    CHECK_INT(framing_end(&f, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "the connection ended 1 bytes before the end of the body");
    CHECK_INT(framing_take(&f, STR("cGET"), &taken, &data, &e), 1);
    CHECK_INT(taken, 1);
    CHECK_INT(framing_end(&f, &e), 0);
    CHECK_INT(framing_take(&f, STR("GET"), &taken, &data, &e), 1);
    CHECK_INT(taken, 0);
}

TEST(extensions_and_trailers_have_a_ceiling)
{
    cleanup_buf struct buf wire = BUF_INIT, text = BUF_INIT;
    struct err e = ERR_INIT;
    size_t at;

    for (int i = 0; i < 3000; i++)
        buf_cstr(&wire, "1;abcdef\r\nx\r\n");
    CHECK_TRUE(decode(wire.p, wire.n, 1000, &text, &at, &e) < 0);
    CHECK_STR(e.msg, "more than 16384 bytes of chunk extensions and trailers");
    buf_clear(&wire);
    buf_cstr(&wire, "0\r\nA: ");
    buf_fill(&wire, 'b', LIMIT_CHUNK_OVERHEAD);
    CHECK_TRUE(decode(wire.p, wire.n, 1000, &text, &at, &e) < 0);
}

TEST(a_chunk_head_is_its_size_in_hexadecimal)
{
    char room[FRAMING_CHUNK_HEAD];

    CHECK_VIEW(framing_chunk_head(65536, room), "10000\r\n");
    CHECK_VIEW(framing_chunk_head(SIZE_MAX, room), "ffffffffffffffff\r\n");
}

TESTS_MAIN(T_(what_is_ambiguous_in_a_request_is_refused_however_it_is_cut),
           T_(a_request_is_taken_apart), T_(ceilings_of_a_head_are_named),
           T_(responses_are_parsed_and_their_bodies_end_where_the_head_says),
           T_(a_chunked_body_ends_where_every_reader_says_it_does),
           T_(what_follows_a_body_is_left_for_the_next_message),
           T_(extensions_and_trailers_have_a_ceiling), T_(a_chunk_head_is_its_size_in_hexadecimal))
