#include "http/grpccall.h"

#include <inttypes.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/exchange.h"
#include "http/octets.h"
#include "io/address.h"
#include "io/stream.h"

enum {
    PREFIX_BYTES = 5,         /* before each message: compressed or not, and its length */
    STATUS_TEXT_BYTES = 1024, /* of what a server says about its failure */
    MOST_OF_TIMEOUT = 99999999,
    NO_STATUS = -1,
};

struct grpccall {
    grpccall_fn *fn;
    void *arg;
    struct stream *stream;
    nghttp2_session *session;
    char *authority, *path, *agent;
    char timeout[32]; /* as the field says it; empty: none */
    struct buf request;
    size_t request_at;
    bool ready, stream_ended;
    uint32_t reset; /* HTTP/2's error of the stream; 0: a proper end */
    size_t taken;

    /* The answer. */
    int http_status;
    bool has_type, is_grpc;
    char type[64];
    int status;
    struct buf text, body;
};

bool
grpccall_is_ready(const struct grpccall *c)
{
    return c->ready;
}

void
grpccall_write_status(int status, struct buf *to)
{
    static const char *const names[] = {
        "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated"};

    if (status >= 0 && status < (int)ARRAY_LEN(names))
        buf_cstr(to, names[status]);
    else
        buf_printf(to, "Code(%d)", status);
}

/* The end. */

static void
end(struct grpccall *c, int status, struct str text_or_message)
{
    stream_free(TAKE(c->stream));
    c->fn(c->arg, status, text_or_message);
}

static void
end_with(struct grpccall *c, int status, const char *text)
{
    cleanup_buf struct buf clean = BUF_INIT;

    utf8_clean(str_of(text), &clean);
    end(c, status, buf_view(&clean));
}

/* The connection does not do any more. */
static void
lose(struct grpccall *c, const char *why)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (c->ready)
        buf_cstr(&text, "error reading from server: ");
    buf_cstr(&text, why);
    end_with(c, c->ready ? GRPCCALL_UNAVAILABLE : GRPCCALL_UNREACHED, buf_cstring(&text));
}

/* What a status of HTTP means where gRPC has said nothing. */
static int
status_of_http(int http)
{
    switch (http) {
    case 400:
        return GRPCCALL_INTERNAL;
    case 401:
        return 16;
    case 403:
        return 7;
    case 404:
        return GRPCCALL_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return GRPCCALL_UNAVAILABLE;
    default:
        return GRPCCALL_UNKNOWN;
    }
}

static void
end_as_no_grpc(struct grpccall *c)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "unexpected HTTP status code received from server: %d (%s)", c->http_status,
               exchange_reason(c->http_status));
    if (!c->has_type)
        buf_cstr(&text, "; malformed header: missing HTTP content-type");
    else if (!c->is_grpc)
        buf_printf(&text, "; transport: received unexpected content-type \"%s\"", c->type);
    end_with(c, status_of_http(c->http_status), buf_cstring(&text));
}

/* Status OK, so exactly one message. */
static void
end_with_message(struct grpccall *c)
{
    const unsigned char *p = (const unsigned char *)c->body.p;
    uint32_t length;

    if (c->body.n < PREFIX_BYTES) {
        end_with(c, GRPCCALL_INTERNAL, "the answer holds no message");
        return;
    }
    length = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
    if (p[0] != 0)
        end_with(c, GRPCCALL_INTERNAL, "the message is compressed, which nobody has asked for");
    else if (length != c->body.n - PREFIX_BYTES)
        end_with(c, GRPCCALL_INTERNAL,
                 "the message is not as long as it says, or not the only one");
    else
        end(c, GRPCCALL_OK, str_make(c->body.p + PREFIX_BYTES, length));
}

/* Looks whether the call is over; then it may be gone. */
static void
settle(struct grpccall *c)
{
    char text[80];

    if (!c->stream_ended)
        return;
    if (c->status != NO_STATUS && c->status != GRPCCALL_OK) {
        end_with(c, c->status, buf_cstring(&c->text));
    } else if (c->reset != 0) {
        snprintf(text, sizeof text, "stream terminated by RST_STREAM with error code: %s",
                 nghttp2_http2_strerror(c->reset));
        end_with(c, c->reset == NGHTTP2_REFUSED_STREAM ? GRPCCALL_UNAVAILABLE : GRPCCALL_INTERNAL,
                 text);
    } else if (c->http_status != 200 || !c->is_grpc) {
        end_as_no_grpc(c);
    } else if (c->status == NO_STATUS) {
        end_with(c, GRPCCALL_INTERNAL, "server closed the stream without sending trailers");
    } else {
        end_with_message(c);
    }
}

/* What the session makes of the server's bytes. */

/* "%41" is "A"; what is malformed stays. */
static void
take_text(struct grpccall *c, struct str s)
{
    buf_clear(&c->text);
    c->text.max = STATUS_TEXT_BYTES;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' && i + 2 < s.n && octet_hex(s.p[i + 1]) >= 0 &&
            octet_hex(s.p[i + 2]) >= 0) {
            int byte = octet_hex(s.p[i + 1]) * 16 + octet_hex(s.p[i + 2]);

            buf_char(&c->text, byte != 0 ? (char)byte : '?');
            i += 2;
        } else {
            buf_char(&c->text, s.p[i]);
        }
    }
}

static void
take_type(struct grpccall *c, struct str s)
{
    struct str ours = STR("application/grpc");

    snprintf(c->type, sizeof c->type, "%.*s", STR_ARG(s));
    c->has_type = true;
    c->is_grpc = str_starts(s, ours) && (s.n == ours.n || s.p[ours.n] == '+' || s.p[ours.n] == ';');
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
          const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    struct grpccall *c = arg;
    struct str key = str_make((const char *)name, name_n);
    struct str text = str_make((const char *)value, value_n);
    int64_t n;

    (void)session;
    (void)flags;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    if (str_is(key, ":status"))
        c->http_status = str_to_int(text, &n) ? (int)n : 0;
    else if (str_is(key, "content-type"))
        take_type(c, text);
    else if (str_is(key, "grpc-message"))
        take_text(c, text);
    else if (str_is(key, "grpc-status"))
        c->status = str_to_int(text, &n) && n >= 0 && n <= INT32_MAX ? (int)n : GRPCCALL_UNKNOWN;
    return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
        void *arg)
{
    struct grpccall *c = arg;

    (void)session;
    (void)flags;
    (void)id;
    buf_add(&c->body, data, n);
    return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *arg)
{
    struct grpccall *c = arg;

    (void)session;
    (void)id;
    c->stream_ended = true;
    c->reset = error;
    return 0;
}

static ssize_t
give_request(nghttp2_session *session, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
             nghttp2_data_source *source, void *arg)
{
    struct grpccall *c = arg;
    size_t n = c->request.n - c->request_at;

    (void)session;
    (void)id;
    (void)source;
    if (n <= room)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else
        n = room;
    memcpy(to, c->request.p + c->request_at, n);
    c->request_at += n;
    return (ssize_t)n;
}

static int
submit(struct grpccall *c)
{
#define FIELD_(key, text) \
    { \
        (uint8_t *)(uintptr_t)(key), (uint8_t *)(uintptr_t)(text), strlen(key), strlen(text), 0 \
    }
    const nghttp2_nv fields[] = {
        FIELD_(":method", "POST"),      FIELD_(":scheme", "http"),
        FIELD_(":path", c->path),       FIELD_(":authority", c->authority),
        FIELD_("te", "trailers"),       FIELD_("content-type", "application/grpc"),
        FIELD_("user-agent", c->agent), FIELD_("grpc-timeout", c->timeout),
    };
#undef FIELD_
    const nghttp2_data_provider body = {.read_callback = give_request};
    size_t n = ARRAY_LEN(fields) - (c->timeout[0] == '\0');

    return nghttp2_submit_request(c->session, NULL, fields, n, &body, NULL);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct grpccall *c = arg;

    (void)session;
    if (frame->hd.type != NGHTTP2_SETTINGS || (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 || c->ready)
        return 0;
    c->ready = true;
    return submit(c) < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* The connection. */

static int
send_what_is_due(struct grpccall *c)
{
    const uint8_t *bytes;
    ssize_t n;

    while ((n = nghttp2_session_mem_send(c->session, &bytes)) > 0) {
        struct str piece = str_make((const char *)bytes, (size_t)n);

        stream_write(c->stream, &piece, 1);
    }
    return n < 0 ? -1 : 0;
}

static size_t
on_read(void *arg, struct str bytes)
{
    struct grpccall *c = arg;
    ssize_t n;

    c->taken += bytes.n;
    if (c->taken > GRPCCALL_TAKEN_BYTES) {
        end_with(c, c->ready ? GRPCCALL_RESOURCE_EXHAUSTED : GRPCCALL_UNREACHED,
                 "the server sends more than an answer");
        return bytes.n;
    }
    n = nghttp2_session_mem_recv(c->session, (const uint8_t *)bytes.p, bytes.n);
    if (n < 0 || send_what_is_due(c) < 0)
        lose(c, n < 0 ? nghttp2_strerror((int)n) : "the connection cannot go on");
    else if (!c->stream_ended && !nghttp2_session_want_read(c->session) &&
             !nghttp2_session_want_write(c->session))
        lose(c, "the server has ended the connection, or broken the rules of HTTP/2");
    else
        settle(c);
    return bytes.n;
}

static void
on_end(void *arg)
{
    lose(arg, "EOF");
}

static void
on_drain(void *arg)
{
    struct grpccall *c = arg;

    stream_read(c->stream, true);
}

static void
on_close(void *arg, const struct err *why)
{
    lose(arg, why->msg);
}

static const struct stream_handler connection = {on_read, on_end, on_drain, on_close};

static int
open_session(struct grpccall *c, struct err *e)
{
    static const nghttp2_settings_entry ours[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 16 * 1024},
    };
    nghttp2_session_callbacks *callbacks;
    int rc = nghttp2_session_callbacks_new(&callbacks);

    if (rc != 0)
        return err_set(e, ERR_UNAVAILABLE, "%s", nghttp2_strerror(rc));
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    rc = nghttp2_session_client_new(&c->session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    if (rc == 0)
        rc = nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, ours, ARRAY_LEN(ours));
    return rc == 0 ? 0 : err_set(e, ERR_UNAVAILABLE, "%s", nghttp2_strerror(rc));
}

/* At most eight digits, and a unit: the finest one for which they do. */
static void
write_timeout(struct grpccall *c, int64_t timeout_us)
{
    static const struct {
        char name;
        int64_t us;
    } units[] = {{'m', 1000}, {'S', 1000000}, {'M', 60000000}, {'H', 3600000000}};
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(units) && timeout_us / units[i].us > MOST_OF_TIMEOUT)
        i++;
    snprintf(c->timeout, sizeof c->timeout, "%" PRId64 "%c", timeout_us / units[i].us,
             units[i].name);
}

static void
copy_request(struct grpccall *c, const struct grpccall_request *rq)
{
    const unsigned char prefix[PREFIX_BYTES] = {
        0, (unsigned char)(rq->message.n >> 24), (unsigned char)(rq->message.n >> 16),
        (unsigned char)(rq->message.n >> 8), (unsigned char)rq->message.n};

    c->authority = str_dup(rq->authority);
    c->path = str_dup(rq->path);
    c->agent = str_dup(rq->agent);
    buf_add(&c->request, prefix, sizeof prefix);
    buf_str(&c->request, rq->message);
    if (rq->timeout_us > 0)
        write_timeout(c, rq->timeout_us);
}

struct grpccall *
grpccall_new(struct loop *l, const struct grpccall_request *rq, grpccall_fn *fn, void *arg,
             struct err *e)
{
    struct grpccall *c = NEW(struct grpccall);

    *c = (struct grpccall){.fn = fn, .arg = arg, .status = NO_STATUS};
    copy_request(c, rq);
    if (open_session(c, e) == 0)
        c->stream = stream_connect(l, rq->to, &connection, c, e);
    if (c->stream != NULL && send_what_is_due(c) == 0)
        return c;
    if (c->stream != NULL)
        err_set(e, ERR_UNAVAILABLE, "the connection cannot be begun");
    grpccall_free(c);
    return NULL;
}

void
grpccall_free(struct grpccall *c)
{
    if (c == NULL)
        return;
    stream_free(c->stream);
    nghttp2_session_del(c->session);
    buf_done(&c->request);
    buf_done(&c->text);
    buf_done(&c->body);
    free(c->authority);
    free(c->path);
    free(c->agent);
    free(c);
}
