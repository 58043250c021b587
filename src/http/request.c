#include "http/request.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/head.h"
#include "http/octets.h"

struct str
request_decode(struct arena *a, struct str s, bool form)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            p[n++] = form && s.p[i] == '+' ? ' ' : s.p[i];
            continue;
        }
        if (s.n - i < 3 || octet_hex(s.p[i + 1]) < 0 || octet_hex(s.p[i + 2]) < 0)
            return STR_NULL;
        p[n] = (char)(octet_hex(s.p[i + 1]) * 16 + octet_hex(s.p[i + 2]));
        if (p[n++] == '\0')
            return STR_NULL;
        i += 2;
    }
    p[n] = '\0';
    return str_make(p, n);
}

void
request_encode(struct buf *to, struct str s)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < s.n; i++) {
        if (memchr(plain, s.p[i], sizeof plain - 1) != NULL)
            buf_char(to, s.p[i]);
        else
            buf_printf(to, "%%%02X", (unsigned char)s.p[i]);
    }
}

bool
request_next_parameter(struct arena *a, struct str *rest, struct str *ret_name,
                       struct str *ret_value, struct err *e)
{
    while (rest->p != NULL) {
        struct str value = str_cut(rest, '&'), whole = value, name = str_cut(&value, '=');

        if (whole.n == 0)
            continue;
        *ret_name = request_decode(a, name, true);
        *ret_value = value.p != NULL ? request_decode(a, value, true) : STR("");
        if (ret_name->p != NULL && ret_value->p != NULL)
            return true;
        err_set(e, ERR_BADREQUEST, "malformed escape in the query parameter '%.*s'",
                STR_ARG(str_slice(whole, 0, 100)));
        *rest = STR_NULL;
    }
    return false;
}

static struct str
lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);

    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i];
    return str_make(p, s.n);
}

static bool
is_host_char(char c, bool brackets)
{
    if (brackets)
        return octet_hex(c) >= 0 || c == ':' || c == '.';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

/* "name:port", "[::1]:port" and the same without the port. */
static int
parse_authority(struct arena *a, struct str text, struct request *rq, struct err *e)
{
    struct str host = text, port = STR_NULL;
    bool brackets = text.n > 0 && text.p[0] == '[';
    ptrdiff_t end = brackets ? str_find_char(text, ']', 0) : -1;
    ptrdiff_t colon = str_find_char(text, ':', end > 0 ? (size_t)end : 0);
    int64_t number = 0;
    bool sound = !brackets || (end > 0 && (colon == end + 1 || (size_t)end + 1 == text.n));

    if (colon >= 0) {
        port = str_slice(text, (size_t)colon + 1, text.n);
        host = str_slice(text, 0, (size_t)colon);
    }
    if (sound && brackets)
        host = str_slice(text, 1, (size_t)end);
    for (size_t i = 0; i < host.n; i++)
        sound = sound && is_host_char(host.p[i], brackets);
    if (port.n > 0)
        sound = sound && port.n <= 5 && port.p[0] != '-' && str_to_int(port, &number) &&
                number <= 65535;
    if (!sound || host.n == 0)
        return err_set(e, ERR_BADREQUEST, "'%.*s' is no host", STR_ARG(str_slice(text, 0, 100)));
    rq->host = lower(a, host);
    rq->port = (int)number;
    return 0;
}

/* Exactly one Host in HTTP/1.1; it must agree with the target, if that names a host too. */
static int
parse_host(struct arena *a, struct str authority, struct request *rq, struct err *e)
{
    size_t n = fields_count(&rq->fields, "Host");
    struct str field = fields_get(&rq->fields, "Host"), host;
    int port;

    if (n > 1)
        return err_set(e, ERR_BADREQUEST, "more than one Host");
    if (n == 0 && rq->minor > 0)
        return err_set(e, ERR_BADREQUEST, "no Host");
    if (n == 1 && parse_authority(a, field, rq, e) < 0)
        return err_wrap(e, "Host");
    if (authority.p == NULL)
        return 0;
    host = rq->host;
    port = rq->port;
    if (parse_authority(a, authority, rq, e) < 0)
        return err_wrap(e, "target");
    if (n == 1 && (!str_eq(host, rq->host) || port != rq->port))
        return err_set(e, ERR_BADREQUEST, "Host and the host of the target differ");
    return 0;
}

/* "." and "..", also escaped. */
static bool
is_dots(struct str segment)
{
    int dots = 0;

    for (size_t i = 0; i < segment.n; i++) {
        if (segment.p[i] == '%' && segment.n - i >= 3 && segment.p[i + 1] == '2' &&
            (segment.p[i + 2] | 0x20) == 'e')
            i += 2;
        else if (segment.p[i] != '.')
            return false;
        dots++;
    }
    return dots == 1 || dots == 2;
}

static int
check_path(struct str path, struct err *e)
{
    struct str rest = path;

    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '\\' || path.p[i] == '#')
            return err_set(e, ERR_BADREQUEST, "'%c' in the path: it must be escaped", path.p[i]);
        if (path.p[i] != '%')
            continue;
        if (path.n - i < 3 || octet_hex(path.p[i + 1]) < 0 || octet_hex(path.p[i + 2]) < 0)
            return err_set(e, ERR_BADREQUEST, "malformed escape in the path");
        if (path.p[i + 1] == '0' && path.p[i + 2] == '0')
            return err_set(e, ERR_BADREQUEST, "escaped NUL in the path");
    }
    while (rest.p != NULL)
        if (is_dots(str_cut(&rest, '/')))
            return err_set(e, ERR_BADREQUEST, "'.' or '..' as a segment of the path");
    return 0;
}

static int
parse_target(struct request *rq, struct str *ret_authority, struct err *e)
{
    struct str target = rq->target;
    ptrdiff_t slash;

    *ret_authority = STR_NULL;
    if (str_is(target, "*") && str_is(rq->method, "OPTIONS")) {
        rq->path = target;
        return 0;
    }
    if (fields_name_is(str_slice(target, 0, 7), "http://") ||
        fields_name_is(str_slice(target, 0, 8), "https://")) {
        size_t start = (size_t)str_find(target, STR("//"), 0) + 2;

        slash = str_find_char(target, '/', start);
        if (slash < 0)
            return err_set(e, ERR_BADREQUEST, "the target has no path");
        *ret_authority = str_slice(target, start, (size_t)slash);
        target = str_slice(target, (size_t)slash, target.n);
    }
    if (target.p[0] != '/')
        return err_set(e, ERR_BADREQUEST, "the target must be a path that begins with '/'");
    rq->query = target;
    rq->path = str_cut(&rq->query, '?');
    if (str_find_char(target, '#', 0) >= 0)
        return err_set(e, ERR_BADREQUEST, "'#' in the target: it must be escaped");
    return check_path(rq->path, e);
}

int
request_of_head(struct arena *a, const struct head *h, bool secure, struct request *ret,
                struct err *e)
{
    struct str authority;

    *ret = (struct request){.method = h->method,
                            .target = h->target,
                            .minor = h->minor,
                            .secure = secure,
                            .host = STR("")};
    ret->fields = h->fields;
    if (parse_target(ret, &authority, e) < 0)
        return e->code;
    return parse_host(a, authority, ret, e);
}
