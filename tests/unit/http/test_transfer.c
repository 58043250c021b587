/*
 * Transfers from a server that is a thread of the test: it reads one request after another and
 * answers each by its path.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "http/transfer.h"
#include "tests/unit/test.h"

enum { BIG = 100 * 1000, PATIENCE_MS = 20 * 1000 };

struct far {
    pthread_t thread;
    int listening;
    int port;
    atomic_int requests;
};

/* One request with its body, as it came. */
static void
read_request(int fd, struct buf *to)
{
    char piece[4096];
    size_t whole = SIZE_MAX;

    while (to->n < whole) {
        ssize_t n = read(fd, piece, sizeof piece);
        ptrdiff_t end, length;

        if (n <= 0)
            return;
        buf_add(to, piece, (size_t)n);
        end = str_find(buf_view(to), STR("\r\n\r\n"), 0);
        if (end < 0 || whole != SIZE_MAX)
            continue;
        length = str_find(buf_view(to), STR("Content-Length: "), 0);
        whole = (size_t)end + 4 +
                (length >= 0 && length < end ? strtoul(to->p + length + 16, NULL, 10) : 0);
    }
}

static void
send_all(int fd, struct str text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        text = str_slice(text, (size_t)n, text.n);
    }
}

static void
reply(int fd, const char *status, const char *fields, struct str body)
{
    cleanup_buf struct buf text = BUF_INIT;

    buf_printf(&text, "HTTP/1.1 %s\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n", status,
               fields, body.n);
    buf_str(&text, body);
    send_all(fd, buf_view(&text));
}

/* Until the other end gives up. */
static void
keep_waiting(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    (void)poll(&p, 1, PATIENCE_MS);
}

static void
answer(int fd, struct str request)
{
    cleanup_buf struct buf big = BUF_INIT;
    struct str rest = request, path;

    (void)str_cut(&rest, ' ');
    path = str_cut(&rest, ' ');
    if (str_is(path, "/echo"))
        reply(fd, "200 OK", "X-One: 1\r\n", request);
    else if (str_is(path, "/moved"))
        reply(fd, "302 Found", "Location: /echo\r\n", STR("gone"));
    else if (str_is(path, "/moved-as-it-is"))
        reply(fd, "307 Temporary Redirect", "Location: /echo\r\n", STR("gone"));
    else if (str_is(path, "/round"))
        reply(fd, "302 Found", "Location: /round\r\n", STR(""));
    else if (str_is(path, "/to-a-file"))
        reply(fd, "302 Found", "Location: file:///etc/passwd\r\n", STR(""));
    else if (str_is(path, "/bad"))
        reply(fd, "500 Internal Server Error", "", STR("out of order"));
    else if (str_is(path, "/wait"))
        keep_waiting(fd);
    else if (str_is(path, "/big")) {
        buf_fill(&big, 'x', BIG);
        reply(fd, "200 OK", "", buf_view(&big));
    }
}

static void *
serve(void *arg)
{
    struct far *f = arg;
    int fd;

    while ((fd = accept(f->listening, NULL, NULL)) >= 0) {
        cleanup_buf struct buf request = BUF_INIT;

        read_request(fd, &request);
        atomic_fetch_add(&f->requests, 1);
        answer(fd, buf_view(&request));
        close(fd);
    }
    return NULL;
}

static void
far_open(struct far *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;

    *f = (struct far){.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK_INT(bind(f->listening, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(listen(f->listening, 16), 0);
    CHECK_INT(getsockname(f->listening, (struct sockaddr *)&at, &n), 0);
    f->port = ntohs(at.sin_port);
    CHECK_INT(pthread_create(&f->thread, NULL, serve, f), 0);
    /* What the environment says of proxies is not meant for this. */
    setenv("no_proxy", "*", 1);
}

static void
far_close(struct far *f)
{
    shutdown(f->listening, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listening);
}

static int
ask(const struct far *f, const char *path, struct transfer *x, struct err *e)
{
    cleanup_free char *url = xasprintf("http://127.0.0.1:%d%s", f->port, path);

    x->url = str_of(url);
    if (x->limit == 0)
        x->limit = 1024 * 1024;
    return transfer_run(x, e);
}

TEST(a_get_says_who_asks_and_what_was_told_to)
{
    const struct transfer_header headers[] = {{STR("X-Two"), STR("2")}, {STR("X-Empty"), STR("")}};
    cleanup_transfer struct transfer x = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    x.headers = headers;
    x.headers_n = 2;
    x.user = STR("me");
    x.password = STR("secret");
    CHECK_INT(ask(&f, "/echo", &x, &e), 0);
    CHECK_INT(x.status, 200);
    CHECK_CONTAINS(buf_cstring(&x.answer), "GET /echo HTTP/1.1\r\n");
    CHECK_CONTAINS(buf_cstring(&x.answer), "Via: 1.1 sluice\r\n");
    CHECK_CONTAINS(buf_cstring(&x.answer), "X-Two: 2\r\n");
    CHECK_CONTAINS(buf_cstring(&x.answer), "X-Empty:");
    CHECK_CONTAINS(buf_cstring(&x.answer), "Authorization: Basic bWU6c2VjcmV0\r\n");
    CHECK_CONTAINS(buf_cstring(&x.head), "X-One: 1\n");
    far_close(&f);
}

TEST(an_answer_is_an_answer_whatever_its_status)
{
    cleanup_transfer struct transfer x = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    CHECK_INT(ask(&f, "/bad", &x, &e), 0);
    CHECK_INT(x.status, 500);
    CHECK_STR(buf_cstring(&x.answer), "out of order");
    far_close(&f);
}

static void
check_sent(const char *method, const char *path, const char *first_line, bool with_body)
{
    cleanup_transfer struct transfer x = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    x.method = str_of(method);
    x.body = STR("some words");
    CHECK_INT(ask(&f, path, &x, &e), 0);
    CHECK_CONTAINS(buf_cstring(&x.answer), first_line);
    CHECK_INT(strstr(buf_cstring(&x.answer), "\r\n\r\nsome words") != NULL, with_body);
    far_close(&f);
}

TEST(bodies_are_sent_and_follow_where_the_method_stays)
{
    check_sent("POST", "/echo", "POST /echo ", true);
    check_sent("PATCH", "/echo", "PATCH /echo ", true);
    check_sent("POST", "/moved", "GET /echo ", false);
    check_sent("POST", "/moved-as-it-is", "POST /echo ", true);
}

static int
file_with(const char *text)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    CHECK_TRUE(fd >= 0);
    CHECK_INT(write(fd, text, strlen(text)), (int)strlen(text));
    return fd;
}

TEST(files_are_sent_from_their_beginning_and_filled)
{
    cleanup_transfer struct transfer x = TRANSFER_INIT;
    char got[16] = "";
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    x.from = file_with("from a file"); /* read to its end, as it was written */
    CHECK_INT(ask(&f, "/echo", &x, &e), 0);
    CHECK_CONTAINS(buf_cstring(&x.answer), "PUT /echo ");
    CHECK_CONTAINS(buf_cstring(&x.answer), "\r\n\r\nfrom a file");
    close(x.from);
    transfer_done(&x);
    x = TRANSFER_INIT;
    x.to = file_with("");
    CHECK_INT(ask(&f, "/bad", &x, &e), 0);
    CHECK_INT(x.answer.n, 0);
    CHECK_INT(pread(x.to, got, sizeof got, 0), 12);
    CHECK_STR(got, "out of order");
    close(x.to);
    far_close(&f);
}

TEST(redirects_end_and_lead_to_no_files)
{
    cleanup_transfer struct transfer round = TRANSFER_INIT, file = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    CHECK_INT(ask(&f, "/round", &round, &e), ERR_UNAVAILABLE);
    CHECK_INT(atomic_load(&f.requests), TRANSFER_REDIRECTS + 1);
    CHECK_INT(ask(&f, "/to-a-file", &file, &e), ERR_UNAVAILABLE);
    CHECK_INT(file.answer.n, 0);
    far_close(&f);
}

TEST(an_answer_over_the_limit_is_refused)
{
    cleanup_transfer struct transfer small = TRANSFER_INIT, enough = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    small.limit = BIG - 1;
    CHECK_INT(ask(&f, "/big", &small, &e), ERR_TOOLARGE);
    CHECK_CONTAINS(e.msg, "larger than 99999 bytes");
    enough.limit = BIG;
    CHECK_INT(ask(&f, "/big", &enough, &e), 0);
    CHECK_INT(enough.answer.n, BIG);
    far_close(&f);
}

TEST(who_waits_too_long_or_is_told_to_stop_gives_up)
{
    cleanup_transfer struct transfer slow = TRANSFER_INIT, stopped = TRANSFER_INIT;
    atomic_bool cancelled = true;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    slow.timeout_us = 200 * 1000;
    CHECK_INT(ask(&f, "/wait", &slow, &e), ERR_TIMEOUT);
    stopped.cancelled = &cancelled;
    CHECK_INT(ask(&f, "/wait", &stopped, &e), ERR_UNAVAILABLE);
    CHECK_CONTAINS(e.msg, "given up");
    far_close(&f);
}

TEST(who_gets_no_answer_says_so_without_the_password_of_the_url)
{
    cleanup_transfer struct transfer silent = TRANSFER_INIT, nobody = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    far_open(&f);
    CHECK_INT(ask(&f, "/silence", &silent, &e), ERR_UNAVAILABLE);
    CHECK_CONTAINS(e.msg, "/silence: ");
    far_close(&f);
    nobody.url = STR("http://me:secret@127.0.0.1:1/");
    CHECK_INT(transfer_run(&nobody, &e), ERR_UNAVAILABLE);
    CHECK_CONTAINS(e.msg, "127.0.0.1:1/: ");
    CHECK_TRUE(strstr(e.msg, "secret") == NULL);
}

TEST(what_could_change_the_request_is_refused_before_anything_is_sent)
{
    static const struct transfer_header split[] = {{STR("X"), STR("a\r\nY: b")}};
    static const char *const urls[] = {"", "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1",
                                       "http://127.0.0.1/a\r\nX: b"};
    cleanup_transfer struct transfer x = TRANSFER_INIT;
    struct err e = ERR_INIT;
    struct far f;

    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        x.url = str_of(urls[i]);
        CHECK_INT(transfer_run(&x, &e), ERR_INVALID);
    }
    far_open(&f);
    x.method = STR("GET /other");
    CHECK_INT(ask(&f, "/echo", &x, &e), ERR_INVALID);
    x.method = STR_NULL;
    x.headers = split;
    x.headers_n = 1;
    CHECK_INT(ask(&f, "/echo", &x, &e), ERR_INVALID);
    CHECK_INT(atomic_load(&f.requests), 0);
    far_close(&f);
}

TESTS_MAIN(T_(a_get_says_who_asks_and_what_was_told_to),
           T_(an_answer_is_an_answer_whatever_its_status),
           T_(bodies_are_sent_and_follow_where_the_method_stays),
           T_(files_are_sent_from_their_beginning_and_filled),
           T_(redirects_end_and_lead_to_no_files), T_(an_answer_over_the_limit_is_refused),
           T_(who_waits_too_long_or_is_told_to_stop_gives_up),
           T_(who_gets_no_answer_says_so_without_the_password_of_the_url),
           T_(what_could_change_the_request_is_refused_before_anything_is_sent))
