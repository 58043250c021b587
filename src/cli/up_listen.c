#include "cli/up_listen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/settings.h"
#include "edge/edge.h"
#include "http/tls.h"
#include "io/address.h"
#include "io/file.h"
#include "sandbox/netmap.h"

enum { API_PORT = 443 };

/* By what names clients and pods reach the server, and, from `kubernetes` on, browsers. */
static const char *const names[] = {"127.0.0.1",
                                    "::1",
                                    "localhost",
                                    "kubernetes",
                                    "kubernetes.default",
                                    "kubernetes.default.svc",
                                    "kubernetes.default.svc.cluster.local",
                                    "127.96.0.1",
                                    "127.96.0.2",
                                    "127.96.0.3",
                                    "127.96.0.4",
                                    "127.96.0.5",
                                    "127.96.0.6",
                                    "127.96.0.7",
                                    "127.96.0.8",
                                    NULL};
enum { NAMES = ARRAY_LEN(names) - 1, FIRST_FOR_BROWSERS = 3, FIRST_FOR_PODS = 7 };

int
up_listen_open(struct up_listen *l, const char *data, int64_t now_us, struct err *e)
{
    cleanup_free char *dir = xasprintf("%s/auth", data);
    cleanup_close int fd = -1;

    if (file_mkdirs(AT_FDCWD, dir, 0700, e) < 0)
        return e->code;
    fd = file_open_dir(AT_FDCWD, dir, e);
    if (fd < 0 || certs_open(fd, names, NAMES, now_us, &l->certs, e) < 0)
        return err_wrap(e, "%s", dir);
    l->tls = tls_new_server(buf_view(&l->certs.server), buf_view(&l->certs.key), e);
    return l->tls != NULL ? 0 : e->code;
}

/* Listens, and says under which URL. */
static int
listen_at(struct edge *edge, const char *text, const struct tls *tls, char **ret_url, struct err *e)
{
    cleanup_buf struct buf where = BUF_INIT;
    struct address wanted, bound;
    struct edge_listen l = {.address = &wanted, .tls = tls};

    if (address_parse(str_of(text), &wanted, e) < 0)
        return err_wrap(e, tls != NULL ? "tls_listen" : "listen");
    if (edge_listen(edge, &l, &bound, e) < 0)
        return e->code;
    address_write(&bound, &where);
    *ret_url = xasprintf("%s%s", tls != NULL ? "https://" : "http://", buf_cstring(&where));
    return 0;
}

/* Where pods reach the server: the first address that no other server of this machine has. */
static int
listen_for_pods(struct up_listen *l, struct edge *edge, struct err *e)
{
    struct err why = ERR_INIT;

    for (size_t i = FIRST_FOR_PODS; i < NAMES; i++) {
        cleanup_free char *text = xasprintf("%s:%d", names[i], netmap_real_port(API_PORT));
        struct address wanted, bound;
        struct edge_listen at = {.address = &wanted, .tls = l->tls};

        if (address_parse(str_of(text), &wanted, e) < 0)
            return e->code;
        if (edge_listen(edge, &at, &bound, &why) < 0)
            continue;
        l->for_pods = names[i];
        return 0;
    }
    log_warn("up", "pods do not reach the API: %s", why.msg);
    return 0;
}

int
up_listen_begin(struct up_listen *l, struct edge *edge, const struct settings *s, struct err *e)
{
    if (listen_at(edge, s->listen, NULL, &l->url, e) < 0 ||
        listen_at(edge, s->tls_listen, l->tls, &l->tls_url, e) < 0)
        return e->code;
    return listen_for_pods(l, edge, e);
}

const char *const *
up_listen_hosts(void)
{
    return names + FIRST_FOR_BROWSERS;
}

void
up_listen_done(struct up_listen *l)
{
    tls_free(l->tls);
    certs_done(&l->certs);
    free(l->url);
    free(l->tls_url);
}
