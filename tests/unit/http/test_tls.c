/*
 * Certificates in a directory, and a client and a server that talk through both filters.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "http/certs.h"
#include "http/tls.h"
#include "io/file.h"
#include "io/stream.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

static const char *const names[] = {"localhost", "*.svc.test", "127.0.0.1", "::1"};

struct place {
    char path[40];
    int fd;
    struct certs certs;
};

static void
open_place(struct place *p)
{
    struct err e = ERR_INIT;

    *p = (struct place){.path = "/tmp/test_tls.XXXXXX"};
    CHECK_NOT_NULL(mkdtemp(p->path));
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (certs_open(p->fd, names, 4, clock_wall_us(&clock_machine), &p->certs, &e) < 0)
        fail_msg("%s", e.msg);
}

static void
close_place(struct place *p)
{
    struct err e = ERR_INIT;

    certs_done(&p->certs);
    close(p->fd);
    CHECK_INT(file_remove_tree(AT_FDCWD, p->path, &e), 0);
}

/* Opens the directory again: whether authority and server certificate are the same ones. */
static void
again(struct place *p, size_t names_n, int64_t later_days, bool same_ca, bool same_server)
{
    struct certs c;
    struct err e = ERR_INIT;
    int64_t now = clock_wall_us(&clock_machine) + later_days * 24 * 3600 * CLOCK_SECOND;

    if (certs_open(p->fd, names, names_n, now, &c, &e) < 0)
        fail_msg("%s", e.msg);
    CHECK_INT(str_eq(buf_view(&c.ca), buf_view(&p->certs.ca)), same_ca);
    CHECK_INT(str_eq(buf_view(&c.server), buf_view(&p->certs.server)), same_server);
    CHECK_INT(str_eq(buf_view(&c.key), buf_view(&p->certs.key)), same_server);
    certs_done(&p->certs);
    p->certs = c;
}

TEST(certificates_are_made_once_and_the_servers_anew_when_it_must_be)
{
    const char *files[] = {"ca.crt", "ca.key", "server.crt", "server.key"};
    struct place p;
    struct stat st;
    struct err e = ERR_INIT;
    struct certs c;

    open_place(&p);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(fstatat(p.fd, files[i], &st, 0), 0);
        CHECK_INT(st.st_mode & 0777, 0600);
    }
    again(&p, 4, 0, true, true);
    again(&p, 3, 0, true, false); /* other names */
    again(&p, 3, 0, true, true);
    again(&p, 3, CERTS_SERVER_DAYS - CERTS_RENEW_DAYS - 1, true, true);
    again(&p, 3, CERTS_SERVER_DAYS - CERTS_RENEW_DAYS + 1, true, false); /* it ends soon */
    CHECK_INT(file_replace(p.fd, "server.crt", STR("?"), 0600, false, &e), 0);
    again(&p, 3, 0, true, false);
    CHECK_INT(unlinkat(p.fd, "ca.crt", 0), 0);
    again(&p, 3, 0, false, false); /* signed by nobody that is known */
    CHECK_INT(file_replace(p.fd, "ca.crt", STR("?"), 0600, false, &e), 0);
    CHECK_INT(certs_open(p.fd, names, 3, 0, &c, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "ca.crt: ");
    CHECK_INT(file_replace(p.fd, "ca.crt", buf_view(&p.certs.server), 0600, false, &e), 0);
    CHECK_INT(certs_open(p.fd, names, 3, 0, &c, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "ca.key: "); /* the key of another one */
    close_place(&p);
}

/* Two ends of one connection. */

struct end {
    struct stream *s;
    struct buf got;
    int ends, drains, closes;
    char why[200];
};

static size_t
on_read(void *arg, struct str bytes)
{
    buf_str(&((struct end *)arg)->got, bytes);
    return bytes.n;
}

static void
on_end(void *arg)
{
    ((struct end *)arg)->ends++;
}

static void
on_drain(void *arg)
{
    ((struct end *)arg)->drains++;
}

static void
on_close(void *arg, const struct err *why)
{
    struct end *x = arg;

    x->closes++;
    snprintf(x->why, sizeof x->why, "%s", why->msg);
}

static const struct stream_handler handler = {on_read, on_end, on_drain, on_close};

struct talk {
    struct loop *loop;
    struct place place;
    struct tls *server_tls, *client_tls;
    struct end server, client;
};

static void
on_deadline(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for too long");
}

#define UNTIL(l, condition) \
    do { \
        struct timer deadline_; \
        timer_init(&deadline_, (l), on_deadline, NULL); \
        timer_after(&deadline_, DEADLINE_US); \
        while (!(condition)) \
            loop_turn((l), true); \
        timer_stop(&deadline_); \
    } while (0)

/* `host` NULL: the client speaks without TLS. */
static void
open_talk(struct talk *t, const char *host, bool verify)
{
    struct err e = ERR_INIT;
    int fds[2];

    *t = (struct talk){.loop = loop_new(&e)};
    open_place(&t->place);
    t->server_tls =
        tls_new_server(buf_view(&t->place.certs.server), buf_view(&t->place.certs.key), &e);
    t->client_tls = tls_new_client(verify ? buf_view(&t->place.certs.ca) : STR_NULL, &e);
    CHECK_TRUE(t->server_tls != NULL && t->client_tls != NULL);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    t->server.s = stream_new(t->loop, fds[0], &handler, &t->server, &e);
    t->client.s = stream_new(t->loop, fds[1], &handler, &t->client, &e);
    CHECK_INT(tls_accept(t->server_tls, t->server.s, &e), 0);
    if (host != NULL)
        CHECK_INT(tls_connect(t->client_tls, t->client.s, host, &e), 0);
    stream_read(t->server.s, true);
    stream_read(t->client.s, true);
}

static void
close_talk(struct talk *t)
{
    stream_free(t->server.s);
    stream_free(t->client.s);
    buf_done(&t->server.got);
    buf_done(&t->client.got);
    tls_free(t->server_tls);
    tls_free(t->client_tls);
    close_place(&t->place);
    loop_free(t->loop);
}

static void
write_text(struct end *x, struct str text)
{
    stream_write(x->s, &text, 1);
}

TEST(both_sides_read_what_the_other_wrote_and_see_its_end)
{
    const char *hosts[] = {"localhost", "a.svc.test", "127.0.0.1", "::1"};

    for (int i = 0; i < 4; i++) {
        cleanup_buf struct buf big = BUF_INIT;
        struct talk t;

        open_talk(&t, hosts[i], true);
        write_text(&t.client, STR("hello"));
        UNTIL(t.loop, t.server.got.n == 5);
        buf_fill(&big, 'x', 3 * 1000 * 1000);
        write_text(&t.server, buf_view(&big));
        stream_finish(t.server.s);
        UNTIL(t.loop, t.client.ends == 1);
        CHECK_INT(t.client.got.n, big.n);
        CHECK_TRUE(t.server.drains >= 1);
        write_text(&t.client, STR(" again")); /* the other half goes on */
        UNTIL(t.loop, t.server.got.n == 11);
        CHECK_STR(t.server.got.p, "hello again");
        close_talk(&t);
    }
}

TEST(a_client_accepts_the_host_that_it_wanted_from_the_authority_that_it_trusts)
{
    const char *hosts[] = {"example.com", "a.b.svc.test", "127.0.0.2"};
    struct talk t;
    struct place other;
    struct err e = ERR_INIT;

    for (int i = 0; i < 3; i++) {
        open_talk(&t, hosts[i], true);
        write_text(&t.client, STR("secret"));
        UNTIL(t.loop, t.client.closes == 1 && t.server.closes == 1);
        CHECK_CONTAINS(t.client.why, "certificate verify failed");
        CHECK_INT(t.server.got.n, 0);
        close_talk(&t);
    }
    open_talk(&t, "anything", false); /* one that does not care */
    write_text(&t.client, STR("hello"));
    UNTIL(t.loop, t.server.got.n == 5);
    close_talk(&t);

    open_place(&other);
    open_talk(&t, NULL, false);
    tls_free(t.client_tls);
    t.client_tls = tls_new_client(buf_view(&other.certs.ca), &e);
    CHECK_INT(tls_connect(t.client_tls, t.client.s, "localhost", &e), 0);
    write_text(&t.client, STR("secret"));
    UNTIL(t.loop, t.client.closes == 1);
    CHECK_CONTAINS(t.client.why, "certificate verify failed");
    close_talk(&t);
    close_place(&other);
}

TEST(a_plain_request_gets_a_hint_and_noise_gets_nothing)
{
    struct talk t;

    open_talk(&t, NULL, false);
    write_text(&t.client, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(t.loop, t.server.closes == 1);
    CHECK_CONTAINS(t.server.why, "TLS handshake: http request");
    stream_free(t.server.s);
    t.server.s = NULL;
    UNTIL(t.loop, t.client.ends == 1);
    CHECK_CONTAINS(t.client.got.p, "This port speaks HTTPS");
    close_talk(&t);

    open_talk(&t, NULL, false);
    write_text(&t.client, STR("noise, noise, noise, noise, noise, noise"));
    UNTIL(t.loop, t.server.closes == 1);
    CHECK_INT(t.server.got.n, 0);
    close_talk(&t);
}

TEST(what_is_no_certificate_or_not_the_keys_is_refused)
{
    struct place p, other;
    struct err e = ERR_INIT;

    open_place(&p);
    open_place(&other);
    CHECK_NULL(tls_new_server(STR("?"), buf_view(&p.certs.key), &e));
    CHECK_CONTAINS(e.msg, "the certificate of the server: ");
    CHECK_NULL(tls_new_server(buf_view(&p.certs.server), STR("?"), &e));
    CHECK_CONTAINS(e.msg, "the private key of the server: ");
    CHECK_NULL(tls_new_server(buf_view(&p.certs.server), buf_view(&other.certs.key), &e));
    CHECK_CONTAINS(e.msg, "the private key of the server: ");
    CHECK_NULL(tls_new_client(STR("?"), &e));
    CHECK_STR(e.msg, "there is no trusted certificate in the text");
    close_place(&p);
    close_place(&other);
}

TESTS_MAIN(T_(certificates_are_made_once_and_the_servers_anew_when_it_must_be),
           T_(both_sides_read_what_the_other_wrote_and_see_its_end),
           T_(a_client_accepts_the_host_that_it_wanted_from_the_authority_that_it_trusts),
           T_(a_plain_request_gets_a_hint_and_noise_gets_nothing),
           T_(what_is_no_certificate_or_not_the_keys_is_refused))
