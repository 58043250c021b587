#include "runner/netprobe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/duration.h"
#include "data/json.h"
#include "data/protobuf.h"
#include "http/client.h"
#include "http/fetch.h"
#include "http/grpccall.h"
#include "http/tls.h"
#include "io/address.h"
#include "io/stream.h"
#include "io/timer.h"
#include "runner/podnet.h"
#include "runner/podspec.h"

#define AGENT "kube-probe/1.34"

struct netprobe {
    netprobe_fn *fn;
    void *arg;
    struct timer timer;
    struct stream *stream; /* tcpSocket */
    struct fetch *fetch;   /* httpGet */
    struct grpccall *call; /* grpc */
    char *authority;       /* host and port */
    char *url;             /* httpGet */
    int64_t timeout_us;
};

void
netprobe_ground_init(struct netprobe_ground *g, struct loop *l)
{
    *g = (struct netprobe_ground){.loop = l, .client = client_new(l)};
}

void
netprobe_ground_done(struct netprobe_ground *g)
{
    client_free(TAKE(g->client));
    tls_free(TAKE(g->tls));
}

static void
end(struct netprobe *p, bool ok, const char *text)
{
    timer_stop(&p->timer);
    stream_free(TAKE(p->stream));
    fetch_free(TAKE(p->fetch));
    grpccall_free(TAKE(p->call));
    p->fn(p->arg, ok, text);
}

/* What is said where no time is left. */
static void
on_timer(void *arg)
{
    struct netprobe *p = arg;
    cleanup_buf struct buf text = BUF_INIT;

    if (p->fetch != NULL)
        buf_printf(&text,
                   "Get \"%s\": context deadline exceeded (Client.Timeout exceeded while awaiting "
                   "headers)",
                   p->url);
    else if (p->call == NULL)
        buf_printf(&text, "dial tcp %s: i/o timeout", p->authority);
    else if (grpccall_is_ready(p->call))
        buf_cstr(&text, "timeout: health rpc did not complete within ");
    else
        buf_printf(&text, "timeout: failed to connect service \"%s\" within ", p->authority);
    if (p->call != NULL)
        duration_write(&text, p->timeout_us * DURATION_US);
    if (p->call != NULL && !grpccall_is_ready(p->call))
        buf_cstr(&text, ": context deadline exceeded");
    end(p, false, buf_cstring(&text));
}

static void
write_broken(const struct netprobe *p, const struct err *why, struct buf *to)
{
    if (why->sys == ECONNREFUSED)
        buf_printf(to, "dial tcp %s: connect: connection refused", p->authority);
    else
        buf_cstr(to, why->msg);
}

/* tcpSocket. */

static size_t
on_read(void *arg, struct str bytes)
{
    (void)arg;
    return bytes.n;
}

static void
on_end(void *arg)
{
    (void)arg;
}

static void
on_connected(void *arg)
{
    end(arg, true, "");
}

static void
on_close(void *arg, const struct err *why)
{
    struct netprobe *p = arg;
    cleanup_buf struct buf text = BUF_INIT;

    write_broken(p, why, &text);
    end(p, false, buf_cstring(&text));
}

static const struct stream_handler connecting = {on_read, on_end, on_connected, on_close};

/* httpGet. */

static void
on_room(void *arg)
{
    (void)arg; /* a request without a body */
}

static void
on_head(void *arg)
{
    struct netprobe *p = arg;
    int status = fetch_status(p->fetch);
    char text[64];

    snprintf(text, sizeof text, "HTTP probe failed with statuscode: %d", status);
    end(p, status >= 200 && status < 400, text);
}

static void
on_piece(void *arg, struct str bytes, bool last)
{
    (void)arg;
    (void)bytes;
    (void)last; /* never asked for */
}

static void
on_fail(void *arg, const struct err *why)
{
    struct netprobe *p = arg;
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "Get \"%s\": ", p->url);
    write_broken(p, why, &text);
    end(p, false, buf_cstring(&text));
}

static const struct fetch_handler asking = {on_room, on_head, on_piece, on_fail};

static size_t
fill_fields(const struct podspec_probe *spec, struct field *to, struct str *host)
{
    bool agent = false, accept = false;
    size_t n = 0;

    to[n++] = (struct field){STR("Connection"), STR("close")};
    JSON_EACH (it, spec->headers) {
        struct field f = {json_str(json_get(it.value, "name")),
                          json_str(json_get(it.value, "value"))};

        agent = agent || fields_name_is(f.name, "User-Agent");
        accept = accept || fields_name_is(f.name, "Accept");
        if (fields_name_is(f.name, "Host"))
            *host = f.value;
        else if (f.value.n > 0 && !fields_name_is(f.name, "Connection") &&
                 !fields_name_is(f.name, "Content-Length") &&
                 !fields_name_is(f.name, "Transfer-Encoding"))
            to[n++] = f;
    }
    if (!agent)
        to[n++] = (struct field){STR("User-Agent"), STR(AGENT)};
    if (!accept)
        to[n++] = (struct field){STR("Accept"), STR("*/*")};
    return n;
}

static int
ask(struct netprobe *p, struct netprobe_ground *g, const struct podspec_probe *spec,
    const struct address *to, const char *name, struct err *e)
{
    struct field fields[FIELDS_MAX];
    struct fetch_request rq = {.to = to, .method = STR("GET"), .target = spec->path};

    if (spec->https && g->tls == NULL)
        g->tls = tls_new_client(STR_NULL, e);
    if (spec->https && g->tls == NULL)
        return e->code;
    p->url =
        xasprintf("http%s://%s%.*s", spec->https ? "s" : "", p->authority, STR_ARG(spec->path));
    rq.tls = spec->https ? g->tls : NULL;
    rq.tls_host = name;
    rq.host = str_of(p->authority);
    rq.fields = fields;
    rq.fields_n = fill_fields(spec, fields, &rq.host);
    rq.head_us = spec->timeout_us;
    p->fetch = fetch_new(g->client, &rq, &asking, p, e);
    return p->fetch != NULL ? 0 : e->code;
}

/* grpc. */

/* HealthCheckResponse: the last field 1 counts. */
static uint64_t
serving_status(struct str message)
{
    struct protobuf_field f;
    struct err ignored = ERR_INIT;
    uint64_t status = 0;

    while (protobuf_next(&message, &f, &ignored) == 1) {
        if (f.number == 1 && f.wire == PROTOBUF_VARINT)
            status = f.value;
    }
    return status;
}

static void
write_unhealthy(uint64_t status, struct buf *text)
{
    static const char *const names[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

    buf_cstr(text, "service unhealthy (responded with \"");
    if (status < ARRAY_LEN(names))
        buf_cstr(text, names[status]);
    else
        buf_printf(text, "%d", (int)(int32_t)status);
    buf_cstr(text, "\")");
}

static void
on_call(void *arg, int status, struct str answer)
{
    struct netprobe *p = arg;
    cleanup_buf struct buf text = BUF_INIT;

    if (status == GRPCCALL_OK && serving_status(answer) == 1) {
        end(p, true, "");
        return;
    }
    if (status == GRPCCALL_OK) {
        write_unhealthy(serving_status(answer), &text);
    } else if (status == GRPCCALL_UNREACHED) {
        buf_printf(&text, "error: failed to connect service at \"%s\": %.*s", p->authority,
                   STR_ARG(answer));
    } else if (status == GRPCCALL_UNIMPLEMENTED) {
        buf_printf(&text,
                   "error: this server does not implement the grpc health protocol "
                   "(grpc.health.v1.Health): %.*s",
                   STR_ARG(answer));
    } else {
        buf_cstr(&text, "error: health rpc probe failed: rpc error: code = ");
        grpccall_write_status(status, &text);
        buf_printf(&text, " desc = %.*s", STR_ARG(answer));
    }
    end(p, false, buf_cstring(&text));
}

/* HealthCheckRequest: field 1 is the service; empty is left out. */
static void
write_request(struct str service, struct buf *to)
{
    size_t n = service.n;

    if (n == 0)
        return;
    buf_char(to, 1 << 3 | PROTOBUF_BYTES);
    for (; n >= 0x80; n >>= 7)
        buf_char(to, (char)(n | 0x80));
    buf_char(to, (char)n);
    buf_str(to, service);
}

static int
call(struct netprobe *p, struct netprobe_ground *g, const struct podspec_probe *spec,
     const struct address *to, struct err *e)
{
    cleanup_buf struct buf message = BUF_INIT;
    struct grpccall_request rq = {.to = to,
                                  .path = STR("/grpc.health.v1.Health/Check"),
                                  .agent = STR(AGENT),
                                  .timeout_us = spec->timeout_us};

    write_request(spec->service, &message);
    rq.authority = str_of(p->authority);
    rq.message = buf_view(&message);
    p->call = grpccall_new(g->loop, &rq, on_call, p, e);
    return p->call != NULL ? 0 : e->code;
}

/* An IPv4 address follows the rules of the pod network. */
static int
find_target(const char *name, const char *authority, uint16_t port, struct address *ret,
            struct err *e)
{
    struct sockaddr_in v4;

    if (podnet_target(name, port, &v4)) {
        ret->v4 = v4;
        ret->n = sizeof v4;
        return 0;
    }
    return address_parse(str_of(authority), ret, e);
}

struct netprobe *
netprobe_new(struct netprobe_ground *g, const struct podspec_probe *spec, const char *pod_ip,
             netprobe_fn *fn, void *arg, struct err *e)
{
    cleanup_free char *name = spec->host.n > 0 ? str_dup(spec->host) : xstrdup(pod_ip);
    struct netprobe *p = NEW(struct netprobe);
    struct address to = {.n = 0};
    int rc;

    *p = (struct netprobe){.fn = fn, .arg = arg, .timeout_us = spec->timeout_us};
    p->authority = xasprintf(strchr(name, ':') != NULL ? "[%s]:%u" : "%s:%u", name, spec->port);
    rc = find_target(name, p->authority, spec->port, &to, e);
    timer_init(&p->timer, g->loop, on_timer, p);
    if (rc == 0 && spec->kind == PODSPEC_PROBE_HTTP) {
        rc = ask(p, g, spec, &to, name, e);
    } else if (rc == 0 && spec->kind == PODSPEC_PROBE_GRPC) {
        rc = call(p, g, spec, &to, e);
    } else if (rc == 0) {
        p->stream = stream_connect(g->loop, &to, &connecting, p, e);
        rc = p->stream != NULL ? 0 : e->code;
    }
    if (rc < 0) {
        netprobe_free(p);
        return NULL;
    }
    timer_after(&p->timer, spec->timeout_us);
    return p;
}

void
netprobe_free(struct netprobe *p)
{
    if (p == NULL)
        return;
    timer_stop(&p->timer);
    stream_free(p->stream);
    fetch_free(p->fetch);
    grpccall_free(p->call);
    free(p->authority);
    free(p->url);
    free(p);
}
