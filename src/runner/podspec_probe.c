/* Probes: exec, httpGet, tcpSocket and grpc. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "http/fields.h"
#include "io/address.h"
#include "runner/podspec_int.h"

/* The port of the container's that has this name; 0: none. */
static int64_t
port_named(const struct json *container, struct str name)
{
    JSON_EACH (it, json_get(container, "ports")) {
        int64_t port;

        if (str_eq(json_str(json_get(it.value, "name")), name) &&
            json_int(json_get(it.value, "containerPort"), &port))
            return port;
    }
    return 0;
}

/* A number, a name, or a number as text. */
static int
parse_port(const struct json *container, const struct json *action, const struct podspec_where *w,
           uint16_t *ret, struct err *e)
{
    const struct json *field = json_get(action, "port");
    struct str text = json_str(field);
    int64_t port = 0;

    if (text.p != NULL) {
        if (!str_to_int(text, &port))
            port = port_named(container, text);
        if (port == 0)
            return err_set(e, ERR_INVALID, "%s.port: the container has no port named \"%.*s\"",
                           w->text, STR_ARG(text));
    } else if (json_is_null(field)) {
        return err_set(e, ERR_INVALID, "%s.port: Required value", w->text);
    }
    if ((text.p == NULL && !json_int(field, &port)) || port < 1 || port > UINT16_MAX)
        return err_set(e, ERR_INVALID, "%s.port: must be a port's name or number, 1 to 65535",
                       w->text);
    *ret = (uint16_t)port;
    return 0;
}

static int
parse_host(const struct json *action, const struct podspec_where *w, struct str *ret, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct address ignored;
    struct err why = ERR_INIT;

    if (podspec_text_of(action, "host", w, ret, e) < 0)
        return e->code;
    if (ret->n == 0)
        return 0;
    buf_printf(&text, str_find_char(*ret, ':', 0) >= 0 ? "[%.*s]:1" : "%.*s:1", STR_ARG(*ret));
    if (ret->p[0] == '/' || address_parse(buf_view(&text), &ignored, &why) < 0)
        return err_set(e, ERR_INVALID,
                       "%s.host: \"%.*s\" is no address: only IP addresses and localhost are "
                       "looked for here",
                       w->text, STR_ARG(*ret));
    return 0;
}

static int
check_headers(const struct json *headers, const struct podspec_where *w, struct err *e)
{
    if (json_count(headers) > FIELDS_MAX / 2)
        return err_set(e, ERR_INVALID, "%s.httpHeaders: more than %d", w->text, FIELDS_MAX / 2);
    JSON_EACH (it, headers) {
        if (!fields_is_token(json_str(json_get(it.value, "name"))) ||
            !fields_is_value(json_str(json_get(it.value, "value"))))
            return err_set(e, ERR_INVALID, "%s.httpHeaders[%zu]: is no field of an HTTP request",
                           w->text, it.index);
    }
    return 0;
}

/* What may not stand in a request's first line is escaped. */
static struct str
wire_path(struct str path, struct arena *a)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (path.n == 0 || path.p[0] != '/')
        buf_char(&text, '/');
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];

        if (c > ' ' && c < 0x7f)
            buf_char(&text, (char)c);
        else
            buf_printf(&text, "%%%02X", c);
    }
    return str_of(str_dup_arena(a, buf_view(&text)));
}

static int
parse_http(const struct json *action, const struct podspec_where *w, struct podspec_probe *p,
           struct err *e)
{
    struct str path, scheme;

    p->kind = PODSPEC_PROBE_HTTP;
    p->headers = json_get(action, "httpHeaders");
    if (podspec_text_of(action, "path", w, &path, e) < 0 ||
        podspec_text_of(action, "scheme", w, &scheme, e) < 0 || check_headers(p->headers, w, e) < 0)
        return e->code;
    if (scheme.n > 0 && !str_is(scheme, "HTTP") && !str_is(scheme, "HTTPS"))
        return err_set(e, ERR_INVALID,
                       "%s.scheme: Unsupported value: \"%.*s\": supported values: \"HTTP\", "
                       "\"HTTPS\"",
                       w->text, STR_ARG(scheme));
    p->https = str_is(scheme, "HTTPS");
    p->path = wire_path(path, w->arena);
    return parse_host(action, w, &p->host, e);
}

static int
parse_tcp(const struct json *action, const struct podspec_where *w, struct podspec_probe *p,
          struct err *e)
{
    p->kind = PODSPEC_PROBE_TCP;
    return parse_host(action, w, &p->host, e);
}

static int
parse_grpc(const struct json *action, const struct podspec_where *w, struct podspec_probe *p,
           struct err *e)
{
    p->kind = PODSPEC_PROBE_GRPC;
    return podspec_text_of(action, "service", w, &p->service, e);
}

/* Those over the network. */
static const struct {
    const char *key;
    int (*parse)(const struct json *action, const struct podspec_where *w, struct podspec_probe *p,
                 struct err *e);
} actions[] = {{"httpGet", parse_http}, {"tcpSocket", parse_tcp}, {"grpc", parse_grpc}};

/* What the probe does. */
static int
parse_handler(const struct json *container, const struct json *v, const struct podspec_where *w,
              struct podspec_probe *p, struct err *e)
{
    struct podspec_where inner = {.arena = w->arena};

    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        const struct json *action = json_get(v, actions[i].key);

        if (json_is_null(action))
            continue;
        snprintf(inner.text, sizeof inner.text, "%s.%s", w->text, actions[i].key);
        return actions[i].parse(action, &inner, p, e) < 0
                   ? e->code
                   : parse_port(container, action, &inner, &p->port, e);
    }
    p->kind = PODSPEC_PROBE_EXEC;
    p->command = json_at_path(v, "exec.command");
    if (json_count(p->command) == 0)
        return err_set(e, ERR_INVALID, "%s.exec.command: Required value", w->text);
    return podspec_check_texts(p->command, w, "exec.command", e);
}

int
podspec_probe_parse(const struct json *container, const char *key, const struct podspec_where *w,
                    struct podspec_probe **ret, struct err *e)
{
    const struct json *v = json_get(container, key);
    struct podspec_probe *p;
    struct podspec_where inner = {.arena = w->arena};
    int64_t success, failure;

    *ret = NULL;
    if (json_is_null(v))
        return 0;
    p = ARENA_NEW(w->arena, struct podspec_probe);
    snprintf(inner.text, sizeof inner.text, "%s.%s", w->text, key);
    if (parse_handler(container, v, &inner, p, e) < 0 ||
        podspec_seconds_of(v, "initialDelaySeconds", &inner, 0, 0, &p->delay_us, e) < 0 ||
        podspec_seconds_of(v, "periodSeconds", &inner, 10, 1, &p->period_us, e) < 0 ||
        podspec_seconds_of(v, "timeoutSeconds", &inner, 1, 1, &p->timeout_us, e) < 0 ||
        podspec_int_of(v, "successThreshold", &inner, 1, 1, &success, e) < 0 ||
        podspec_int_of(v, "failureThreshold", &inner, 3, 1, &failure, e) < 0)
        return e->code;
    p->success = (int)success;
    p->failure = (int)failure;
    *ret = p;
    return 0;
}
