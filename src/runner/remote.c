#include "runner/remote.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "http/transfer.h"
#include "runner/remote_int.h"
#include "runner/source.h"

int
remote_secret(const struct plan *p, const struct json *ref, struct buf *to, struct err *e)
{
    struct str name = json_str(json_get(ref, "name")), key = json_str(json_get(ref, "key"));
    const struct json *secret;
    int rc;

    if (source_require(p, "Secret", name, false, &secret, e) < 0)
        return e->code;
    rc = source_key(secret, key, to, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "secret \"%.*s\" has no key \"%.*s\"", STR_ARG(name),
                       STR_ARG(key));
    return rc < 0 ? rc : 0;
}

/* One request with what the artifact says of it. */
struct request {
    struct transfer x;
    VEC(struct transfer_header) headers;
    struct buf user, password;
};

static void
request_done(struct request *r)
{
    transfer_done(&r->x);
    vec_done(&r->headers);
    buf_done(&r->user);
    buf_done(&r->password);
}

#define cleanup_request __attribute__((cleanup(request_done)))

static int
fill_auth(struct request *r, const struct plan *p, const struct json *auth, struct err *e)
{
    const struct json *basic = json_get(auth, "basicAuth");

    if (!json_is_null(json_get(auth, "oauth2")) || !json_is_null(json_get(auth, "clientCert")))
        return err_set(e, ERR_UNSUPPORTED, "http.auth: only basicAuth can be used here");
    if (json_is_null(basic))
        return 0;
    if (remote_secret(p, json_get(basic, "usernameSecret"), &r->user, e) < 0 ||
        remote_secret(p, json_get(basic, "passwordSecret"), &r->password, e) < 0)
        return err_wrap(e, "http.auth.basicAuth");
    r->x.user = buf_view(&r->user);
    r->x.password = buf_view(&r->password);
    return 0;
}

static int
fill(struct request *r, const struct plan *p, const struct json *http, struct err *e)
{
    r->x.url = json_str(json_get(http, "url"));
    r->x.limit = REMOTE_BYTES_MAX;
    JSON_EACH (h, json_get(http, "headers")) {
        struct transfer_header header = {json_str(json_get(h.value, "name")),
                                         json_str(json_get(h.value, "value"))};

        vec_push(&r->headers, header);
    }
    r->x.headers = r->headers.at;
    r->x.headers_n = r->headers.n;
    return fill_auth(r, p, json_get(http, "auth"), e);
}

static int
check_status(const struct request *r, const char *verb, struct err *e)
{
    if (r->x.status >= 200 && r->x.status < 300)
        return 0;
    return err_set(e, r->x.status == 404 ? ERR_NOTFOUND : ERR_UNAVAILABLE,
                   "%s %.*s: the server answered with status %d", verb, STR_ARG(r->x.url),
                   r->x.status);
}

int
remote_get(const struct plan *p, const struct json *http, const char *to, struct err *e)
{
    cleanup_request struct request r = {.x = TRANSFER_INIT};
    cleanup_close int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return err_errno(e, "create '%s'", to);
    r.x.to = fd;
    if (fill(&r, p, http, e) < 0 || transfer_run(&r.x, e) < 0)
        return e->code;
    return check_status(&r, "GET", e);
}

int
remote_put(const struct plan *p, const struct json *http, int from, struct err *e)
{
    cleanup_request struct request r = {.x = TRANSFER_INIT};

    r.x.from = from;
    if (fill(&r, p, http, e) < 0)
        return e->code;
    r.x.limit = 1024 * 1024;
    if (transfer_run(&r.x, e) < 0)
        return e->code;
    return check_status(&r, "PUT", e);
}
