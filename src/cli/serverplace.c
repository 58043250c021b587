#include "cli/serverplace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/serverfile.h"
#include "cli/settings.h"
#include "http/tls.h"
#include "io/file.h"

enum { MAX_FILE = 256 * 1024, DEFAULT_HTTP = 80, DEFAULT_HTTPS = 443 };

static int
read_token(struct cli *c, bool recorded, struct buf *to, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/auth/token", c->settings->data);
    struct err ignored = ERR_INIT;

    if (*c->settings->server_token != '\0') {
        buf_cstr(to, c->settings->server_token);
        return 0;
    }
    /* The token of a directory is for its own server alone. */
    if (recorded && file_read(AT_FDCWD, path, MAX_FILE, to, &ignored) < 0)
        buf_clear(to);
    if (buf_view(to).n > 0 && str_find_char(str_trim(buf_view(to)), '\n', 0) >= 0)
        return err_set(e, ERR_INVALID, "%s: expected one line", path);
    return 0;
}

/* "http://127.0.0.1:8080/": the scheme goes to *ret_secure, the rest but for a slash is returned.
 */
static int
split_url(const char *url, bool *ret_secure, struct str *ret_host, struct err *e)
{
    struct str s = str_of(url);
    bool secure = str_starts(s, STR("https://"));

    if (!secure && !str_starts(s, STR("http://")))
        return err_set(e, ERR_INVALID,
                       "server '%s': expected http://HOST:PORT or https://HOST:PORT", url);
    s = str_slice(s, secure ? 8 : 7, s.n);
    if (str_ends(s, STR("/")))
        s = str_slice(s, 0, s.n - 1);
    *ret_secure = secure;
    *ret_host = s;
    return 0;
}

static int
trust(struct serverplace *p, struct cli *c, struct err *e)
{
    cleanup_free char *own = xasprintf("%s/auth/ca.crt", c->settings->data);
    const char *path = *c->settings->server_ca != '\0' ? c->settings->server_ca : own;
    cleanup_buf struct buf ca = BUF_INIT;

    if (file_read(AT_FDCWD, path, MAX_FILE, &ca, e) < 0)
        return err_wrap(e, "the authority whose certificates to trust (server_ca)");
    p->tls = tls_new_client(buf_view(&ca), e);
    return p->tls == NULL ? e->code : 0;
}

static int
find_address(struct serverplace *p, struct cli *c, const char *url, struct err *e)
{
    bool secure = false;
    struct str host;
    cleanup_buf struct buf text = BUF_INIT;

    if (split_url(url, &secure, &host, e) < 0)
        return e->code;
    buf_str(&text, host);
    if (host.n == 0 || host.p[host.n - 1] == ']' || str_find_char(host, ':', 0) < 0)
        buf_printf(&text, ":%d", secure ? DEFAULT_HTTPS : DEFAULT_HTTP);
    if (address_parse(buf_view(&text), &p->to, e) < 0)
        return err_wrap(e, "server '%s'", url);
    p->host = str_dup(host);
    p->tls_host = str_dup(
        str_slice(host, 0, (size_t)(strrchr(buf_cstring(&text), ':') - buf_cstring(&text))));
    return secure ? trust(p, c, e) : 0;
}

static int
find(struct serverplace *p, struct cli *c, struct err *e)
{
    cleanup_serverfile struct serverfile recorded = {.url = NULL};
    cleanup_buf struct buf token = BUF_INIT;
    const char *url = c->settings->server;
    struct err none = ERR_INIT;
    int known = serverfile_read(c->settings->data, &recorded, &none);

    if (*url == '\0' && known < 0) {
        *e = none;
        return e->code;
    }
    if (*url == '\0')
        url = recorded.url;
    if (find_address(p, c, url, e) < 0)
        return e->code;
    if (read_token(c,
                   known >= 0 && (strcmp(url, recorded.url) == 0 ||
                                  (recorded.tls_url != NULL && strcmp(url, recorded.tls_url) == 0)),
                   &token, e) < 0)
        return e->code;
    if (buf_view(&token).n > 0) {
        struct str t = str_trim(buf_view(&token));

        p->authorization = xasprintf("Bearer %.*s", STR_ARG(t));
    }
    return 0;
}

int
serverplace_find(struct cli *c, struct serverplace *ret, struct err *e)
{
    struct serverplace p = {.host = NULL};

    if (find(&p, c, e) < 0) {
        serverplace_done(&p);
        return e->code;
    }
    *ret = p;
    return 0;
}

void
serverplace_done(struct serverplace *p)
{
    tls_free(p->tls);
    free(p->host);
    free(p->tls_host);
    free(p->authorization);
}
