#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/address.h"
#include "io/listener.h"
#include "io/mailbox.h"
#include "io/peer.h"
#include "io/stream.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

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

/* One end of a connection: takes at most `take` bytes of each offer. */
struct end {
    struct stream *s;
    struct buf got;
    size_t take;
    int offers, ends, drains, closes;
    char why[100];
    bool free_on_read, free_on_close;
};

static size_t
on_read(void *arg, struct str bytes)
{
    struct end *x = arg;
    size_t n = bytes.n < x->take ? bytes.n : x->take;

    x->offers++;
    buf_add(&x->got, bytes.p, n);
    if (x->free_on_read) {
        stream_free(x->s);
        x->s = NULL;
    }
    return n;
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
    if (x->free_on_close) { /* the reason is still there */
        stream_free(x->s);
        x->s = NULL;
    }
    snprintf(x->why, sizeof x->why, "%s", why->msg);
}

static const struct stream_handler handler = {on_read, on_end, on_drain, on_close};

struct pair {
    struct loop *loop;
    struct end a, b;
};

static void
open_pair(struct pair *p)
{
    struct err e = ERR_INIT;
    int fds[2];

    *p = (struct pair){.a = {.take = SIZE_MAX}, .b = {.take = SIZE_MAX}};
    p->loop = loop_new(&e);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    p->a.s = stream_new(p->loop, fds[0], &handler, &p->a, &e);
    p->b.s = stream_new(p->loop, fds[1], &handler, &p->b, &e);
}

static void
close_pair(struct pair *p)
{
    stream_free(p->a.s);
    stream_free(p->b.s);
    loop_free(p->loop);
    buf_done(&p->a.got);
    buf_done(&p->b.got);
}

TEST(bytes_come_when_reading_is_on_and_not_before)
{
    struct pair p;
    const struct str parts[] = {STR("he"), STR(""), STR("llo")};

    open_pair(&p);
    CHECK_TRUE(stream_write(p.a.s, parts, 3));
    for (int i = 0; i < 5; i++)
        loop_turn(p.loop, false);
    CHECK_INT(p.b.offers, 0);
    stream_read(p.b.s, true);
    UNTIL(p.loop, p.b.got.n == 5);
    CHECK_STR(p.b.got.p, "hello");
    close_pair(&p);
}

TEST(what_is_left_is_offered_again_with_what_follows)
{
    struct pair p;
    const struct str one = STR("abcdef"), two = STR("gh");

    open_pair(&p);
    p.b.take = 2;
    stream_read(p.b.s, true);
    stream_write(p.a.s, &one, 1);
    UNTIL(p.loop, p.b.offers == 1);
    stream_read(p.b.s, true);
    UNTIL(p.loop, p.b.offers == 2);
    CHECK_STR(p.b.got.p, "abcd");
    p.b.take = SIZE_MAX;
    stream_write(p.a.s, &two, 1);
    UNTIL(p.loop, p.b.got.n == 8);
    CHECK_STR(p.b.got.p, "abcdefgh");
    close_pair(&p);
}

static size_t
take_one_and_hand_over(void *arg, struct str bytes)
{
    struct pair *p = arg;

    (void)bytes;
    stream_set_handler(p->b.s, &handler, &p->b);
    stream_read(p->b.s, true);
    return 1;
}

TEST(the_reason_of_an_end_outlives_the_stream)
{
    struct pair p;
    const struct str text = STR("x");

    open_pair(&p);
    p.a.free_on_close = true;
    stream_free(p.b.s);
    p.b.s = NULL;
    stream_write(p.a.s, &text, 1);
    UNTIL(p.loop, p.a.closes == 1);
    CHECK_STR(p.a.why, "the peer has closed the connection");
    close_pair(&p);
}

TEST(a_new_owner_is_offered_what_the_old_one_has_left)
{
    static const struct stream_handler first = {take_one_and_hand_over, on_end, on_drain, on_close};
    struct pair p;
    const struct str text = STR("abc");

    open_pair(&p);
    stream_set_handler(p.b.s, &first, &p);
    stream_read(p.b.s, true);
    stream_write(p.a.s, &text, 1);
    UNTIL(p.loop, p.b.got.n == 2);
    CHECK_STR(p.b.got.p, "bc");
    close_pair(&p);
}

TEST(a_writer_is_told_when_the_reader_has_made_room)
{
    struct pair p;
    cleanup_buf struct buf big = BUF_INIT;
    struct str text;
    uint64_t in, out;

    open_pair(&p);
    buf_fill(&big, 'x', 5 * 1000 * 1000);
    text = buf_view(&big);
    CHECK_FALSE(stream_write(p.a.s, &text, 1));
    CHECK_TRUE(stream_pending(p.a.s) > 1000 * 1000);
    stream_finish(p.a.s);
    for (int i = 0; i < 20; i++)
        loop_turn(p.loop, false);
    CHECK_INT(p.a.drains, 0);
    stream_read(p.b.s, true);
    UNTIL(p.loop, p.b.ends == 1);
    CHECK_INT(p.b.got.n, big.n);
    CHECK_INT(p.a.drains, 1);
    CHECK_INT(stream_pending(p.a.s), 0);
    stream_take_traffic(p.a.s, &in, &out);
    CHECK_INT(in, 0);
    CHECK_INT(out, big.n);
    close_pair(&p);
}

TEST(a_reader_that_takes_nothing_stops_the_writer)
{
    struct pair p;
    cleanup_buf struct buf big = BUF_INIT;
    struct str text;
    uint64_t in, out;

    open_pair(&p);
    buf_fill(&big, 'x', 5 * 1000 * 1000);
    text = buf_view(&big);
    p.b.take = 0;
    stream_read(p.b.s, true);
    stream_write(p.a.s, &text, 1);
    for (int i = 0; i < 100; i++)
        loop_turn(p.loop, false);
    stream_take_traffic(p.b.s, &in, &out);
    CHECK_TRUE(in >= STREAM_KEEP_BYTES && in < STREAM_KEEP_BYTES + STREAM_READ_BYTES);
    p.b.take = SIZE_MAX;
    stream_read(p.b.s, true);
    UNTIL(p.loop, p.b.got.n == big.n);
    close_pair(&p);
}

TEST(each_half_ends_by_itself)
{
    struct pair p;
    const struct str text = STR("bye");

    open_pair(&p);
    stream_read(p.a.s, true);
    stream_read(p.b.s, true);
    stream_write(p.a.s, &text, 1);
    stream_finish(p.a.s);
    UNTIL(p.loop, p.b.ends == 1);
    CHECK_STR(p.b.got.p, "bye");
    stream_write(p.b.s, &text, 1); /* the other direction goes on */
    UNTIL(p.loop, p.a.got.n == 3);
    CHECK_INT(p.a.ends, 0);
    close_pair(&p);
}

TEST(a_broken_connection_is_told_once_and_a_stream_may_be_freed_when_it_reads)
{
    struct pair p;
    const struct str text = STR("x");

    open_pair(&p);
    p.b.free_on_read = true;
    stream_read(p.b.s, true);
    stream_read(p.a.s, true);
    stream_write(p.a.s, &text, 1);
    UNTIL(p.loop, p.a.ends == 1);
    CHECK_NULL(p.b.s);
    CHECK_TRUE(stream_write(p.a.s, &text, 1));
    CHECK_INT(p.a.closes, 0); /* not from within the call */
    UNTIL(p.loop, p.a.closes == 1);
    CHECK_STR(p.a.why, "the peer has closed the connection");
    stream_write(p.a.s, &text, 1);
    for (int i = 0; i < 5; i++)
        loop_turn(p.loop, false);
    CHECK_INT(p.a.closes, 1);
    close_pair(&p);
}

/* A filter that turns letters round by one, and holds all back until it has read something. */
struct rot {
    struct buf held;
    bool open;
};

static void
turn(struct str s, int by, struct buf *to)
{
    for (size_t i = 0; i < s.n; i++)
        buf_char(to, (char)(s.p[i] + by));
}

static int
rot_decode(void *filter, struct str bytes, struct buf *plain, struct buf *wire, bool *ended,
           struct err *e)
{
    struct rot *r = filter;

    if (bytes.p[0] == '!')
        return err_set(e, ERR_BADREQUEST, "bad byte");
    r->open = true;
    turn(bytes, -1, plain);
    turn(buf_view(&r->held), 1, wire);
    buf_done(&r->held);
    *ended = memchr(bytes.p, '.', bytes.n) != NULL;
    return 0;
}

static int
rot_encode(void *filter, struct str plain, struct buf *wire, struct err *e)
{
    struct rot *r = filter;

    (void)e;
    if (r->open)
        turn(plain, 1, wire);
    else
        buf_str(&r->held, plain);
    return 0;
}

static size_t
rot_held(void *filter)
{
    return ((struct rot *)filter)->held.n;
}

static void
rot_finish(void *filter, struct buf *wire)
{
    (void)filter;
    buf_char(wire, '.');
}

static void
rot_free(void *filter)
{
    buf_done(&((struct rot *)filter)->held);
    free(filter);
}

static const struct stream_filter rot = {rot_decode, rot_encode, rot_held, rot_finish, rot_free};

TEST(a_filter_changes_what_is_on_the_wire_and_not_what_the_owner_sees)
{
    struct pair p;
    const struct str text = STR("abc"), answer = STR("bcd"), bad = STR("!");

    open_pair(&p);
    stream_set_filter(p.a.s, &rot, NEW(struct rot));
    stream_read(p.a.s, true);
    stream_read(p.b.s, true);
    CHECK_FALSE(stream_write(p.a.s, &text, 1)); /* held until the peer has spoken */
    CHECK_INT(stream_pending(p.a.s), 3);
    stream_write(p.b.s, &answer, 1);
    UNTIL(p.loop, p.a.got.n == 3 && p.b.got.n == 3 && p.a.drains == 1);
    CHECK_STR(p.a.got.p, "abc");
    CHECK_STR(p.b.got.p, "bcd");
    stream_finish(p.a.s);
    UNTIL(p.loop, p.b.ends == 1);
    CHECK_STR(p.b.got.p, "bcd.");
    stream_write(p.b.s, &bad, 1);
    UNTIL(p.loop, p.a.closes == 1);
    CHECK_STR(p.a.why, "bad byte");
    close_pair(&p);
}

/* Listening and connecting. */

struct door {
    struct loop *loop;
    struct listener *listener;
    struct address at;
    int fds[8];
    int n;
};

static void
on_accept(void *arg, int fd, const struct address *peer)
{
    struct door *d = arg;

    CHECK_TRUE(address_is_loopback(peer));
    d->fds[d->n++] = fd;
}

static void
open_door(struct door *d, const char *at)
{
    struct err e = ERR_INIT;

    *d = (struct door){.loop = loop_new(&e)};
    CHECK_INT(address_parse(str_of(at), &d->at, &e), 0);
    d->listener = listener_new(&d->at, &e);
    CHECK_NOT_NULL(d->listener);
    CHECK_INT(listener_start(d->listener, d->loop, on_accept, d, &e), 0);
}

static void
close_door(struct door *d)
{
    for (int i = 0; i < d->n; i++)
        close(d->fds[i]);
    listener_free(d->listener);
    loop_free(d->loop);
}

TEST(connections_come_about_and_know_the_user_at_the_other_end)
{
    const char *places[] = {"127.0.0.1:0", "[::1]:0"};

    for (int i = 0; i < 2; i++) {
        struct door d;
        struct end client = {.take = SIZE_MAX};
        struct err e = ERR_INIT;
        uid_t uid = 12345;

        open_door(&d, places[i]);
        CHECK_TRUE(address_port(&d.at) > 0);
        client.s = stream_connect(d.loop, &d.at, &handler, &client, &e);
        UNTIL(d.loop, d.n == 1 && client.drains == 1);
        CHECK_INT(peer_uid(d.fds[0], &uid, &e), 0);
        CHECK_INT(uid, geteuid());
        stream_free(client.s); /* now nobody has the socket, and nobody is not root */
        CHECK_INT(peer_uid(d.fds[0], &uid, &e), ERR_NOTFOUND);
        close_door(&d);
    }
}

TEST(another_users_connection_is_told_from_ours)
{
    enum { OTHER = 54321 };
    struct door d;
    struct err e = ERR_INIT;
    uid_t uid = 0;
    int go[2];
    pid_t pid;

    if (geteuid() != 0)
        skip();
    open_door(&d, "127.0.0.1:0");
    CHECK_INT(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        int fd = setuid(OTHER) == 0 ? socket(AF_INET, SOCK_STREAM, 0) : -1;
        char c;

        close(go[1]);
        if (connect(fd, &d.at.any, d.at.n) == 0)
            (void)!read(go[0], &c, 1);
        _exit(0);
    }
    close(go[0]);
    UNTIL(d.loop, d.n == 1);
    CHECK_INT(peer_uid(d.fds[0], &uid, &e), 0);
    CHECK_INT(uid, OTHER);
    close(go[1]);
    waitpid(pid, NULL, 0);
    close_door(&d);
}

TEST(nobody_there_and_an_address_in_use_are_said)
{
    struct door d;
    struct end client = {.take = SIZE_MAX};
    struct err e = ERR_INIT;
    struct address at;

    open_door(&d, "127.0.0.1:0");
    at = d.at;
    CHECK_NULL(listener_new(&at, &e));
    CHECK_INT(e.code, ERR_CONFLICT);
    CHECK_CONTAINS(e.msg, "the address is in use");
    listener_free(d.listener);
    d.listener = NULL;
    client.s = stream_connect(d.loop, &d.at, &handler, &client, &e);
    if (client.s != NULL) {
        UNTIL(d.loop, client.closes == 1);
        CHECK_STR(client.why, "nobody listens there");
    } else {
        CHECK_STR(e.msg, "nobody listens there");
    }
    stream_free(client.s);
    close_door(&d);
}

TEST(a_unix_socket_is_private_and_replaces_one_that_nobody_listens_at)
{
    char dir[] = "/tmp/test_stream.XXXXXX";
    char text[100];
    struct door d;
    struct end client = {.take = SIZE_MAX};
    struct address at;
    struct err e = ERR_INIT;
    struct stat st;
    uid_t uid;
    int stale;

    CHECK_NOT_NULL(mkdtemp(dir));
    snprintf(text, sizeof text, "unix:%s/s", dir);
    CHECK_INT(address_parse(str_of(text), &at, &e), 0);
    stale = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_INT(bind(stale, &at.any, at.n), 0);
    close(stale);
    open_door(&d, text);
    CHECK_INT(stat(text + 5, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    at = d.at;
    CHECK_NULL(listener_new(&at, &e)); /* this one is alive */
    CHECK_INT(e.code, ERR_CONFLICT);
    client.s = stream_connect(d.loop, &d.at, &handler, &client, &e);
    UNTIL(d.loop, d.n == 2 && client.drains == 1); /* the other one only asked */
    CHECK_INT(peer_uid(d.fds[1], &uid, &e), 0);
    CHECK_INT(uid, geteuid());
    stream_free(client.s);
    close_door(&d);
    CHECK_TRUE(stat(text + 5, &st) < 0);
    CHECK_INT(rmdir(dir), 0);
}

TEST(a_file_that_is_no_socket_is_not_taken_for_one_that_was_left_behind)
{
    char path[] = "/tmp/test_stream.XXXXXX";
    char text[100];
    struct err e = ERR_INIT;
    struct address at;
    struct stat st;
    int fd = mkstemp(path);

    CHECK_TRUE(fd >= 0);
    CHECK_INT(write(fd, "mine", 4), 4);
    close(fd);
    snprintf(text, sizeof text, "unix:%s", path);
    CHECK_INT(address_parse(str_of(text), &at, &e), 0);
    CHECK_NULL(listener_new(&at, &e));
    CHECK_INT(e.code, ERR_CONFLICT);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_size, 4);
    CHECK_INT(unlink(path), 0);
}

TEST(who_comes_when_there_is_no_descriptor_left_waits_until_there_is_one)
{
    struct rlimit before, none;
    struct door d;
    struct end client = {.take = SIZE_MAX};
    struct err e = ERR_INIT;
    int64_t from;

    open_door(&d, "127.0.0.1:0");
    client.s = stream_connect(d.loop, &d.at, &handler, &client, &e);
    CHECK_NOT_NULL(client.s);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    from = loop_boot_us(d.loop);
    UNTIL(d.loop, client.drains == 1);
    loop_turn(d.loop, false);
    CHECK_INT(d.n, 0);
    loop_turn(d.loop, true); /* it waits, and does not try again and again */
    CHECK_TRUE(loop_boot_us(d.loop) - from > LISTENER_PAUSE_US / 2);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
    UNTIL(d.loop, d.n == 1);
    stream_free(client.s);
    close_door(&d);
}

TEST(addresses_are_read_and_written)
{
    static const struct {
        const char *text, *written; /* NULL: refused */
        bool loopback;
        int port;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", true, 8080},
        {"127.97.3.4:0", "127.97.3.4:0", true, 0},
        {"localhost:80", "127.0.0.1:80", true, 80},
        {"[::1]:65535", "[::1]:65535", true, 65535},
        {"[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", true, 1},
        {"[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.1]:1", false, 1},
        {":9000", "0.0.0.0:9000", false, 9000},
        {"[::]:9000", "[::]:9000", false, 9000},
        {"128.0.0.1:1", "128.0.0.1:1", false, 1},
        {"unix:/run/x", "unix:/run/x", true, 0},
        {"127.0.0.1", NULL, false, 0},
        {"127.0.0.1:", NULL, false, 0},
        {"127.0.0.1:65536", NULL, false, 0},
        {"127.0.0.1:-1", NULL, false, 0},
        {"127.0.0.1:+1", NULL, false, 0},
        {"127.0.0.1:1x", NULL, false, 0},
        {"127.1:80", NULL, false, 0},
        {"::1:80", NULL, false, 0},
        {"[::1:80", NULL, false, 0},
        {"example.com:80", NULL, false, 0},
        {"unix:", NULL, false, 0},
        {"", NULL, false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_buf struct buf text = BUF_INIT;
        struct address a, again;
        struct err e = ERR_INIT;
        int rc = address_parse(str_of(cases[i].text), &a, &e);

        if ((rc == 0) != (cases[i].written != NULL))
            fail_msg("'%s': %s", cases[i].text, rc == 0 ? "accepted" : e.msg);
        if (rc < 0)
            continue;
        address_write(&a, &text);
        CHECK_STR(buf_cstring(&text), cases[i].written);
        CHECK_INT(address_is_loopback(&a), cases[i].loopback);
        CHECK_INT(address_port(&a), cases[i].port);
        CHECK_INT(address_parse(buf_view(&text), &again, &e), 0);
        CHECK_TRUE(address_equal(&a, &again));
    }
}

/* Mailboxes. */

struct note {
    struct letter letter;
    int number;
};

static int opened, last_number;

static void
open_note(struct letter *l)
{
    struct note *n = CONTAINER_OF(l, struct note, letter);

    opened++;
    if (n->number != last_number + 1)
        fail_msg("letter %d after %d", n->number, last_number);
    last_number = n->number;
    free(n);
}

enum { NOTES = 20000 };

static void *
post_notes(void *arg)
{
    for (int i = 1; i <= NOTES; i++) {
        struct note *n = NEW(struct note);

        *n = (struct note){.letter = {.open = open_note}, .number = i};
        mailbox_post(arg, &n->letter);
    }
    return NULL;
}

TEST(letters_of_another_thread_are_opened_in_their_order_and_none_is_lost)
{
    struct err e = ERR_INIT;
    struct loop *l = loop_new(&e);
    struct mailbox *m = mailbox_new(l, &e);
    pthread_t thread;

    opened = last_number = 0;
    CHECK_INT(pthread_create(&thread, NULL, post_notes, m), 0);
    UNTIL(l, opened == NOTES);
    pthread_join(thread, NULL);
    mailbox_free(m);
    loop_free(l);
}

TESTS_MAIN(T_(bytes_come_when_reading_is_on_and_not_before),
           T_(what_is_left_is_offered_again_with_what_follows),
           T_(the_reason_of_an_end_outlives_the_stream),
           T_(a_new_owner_is_offered_what_the_old_one_has_left),
           T_(a_writer_is_told_when_the_reader_has_made_room),
           T_(a_reader_that_takes_nothing_stops_the_writer), T_(each_half_ends_by_itself),
           T_(a_broken_connection_is_told_once_and_a_stream_may_be_freed_when_it_reads),
           T_(a_filter_changes_what_is_on_the_wire_and_not_what_the_owner_sees),
           T_(connections_come_about_and_know_the_user_at_the_other_end),
           T_(another_users_connection_is_told_from_ours),
           T_(nobody_there_and_an_address_in_use_are_said),
           T_(a_unix_socket_is_private_and_replaces_one_that_nobody_listens_at),
           T_(a_file_that_is_no_socket_is_not_taken_for_one_that_was_left_behind),
           T_(who_comes_when_there_is_no_descriptor_left_waits_until_there_is_one),
           T_(addresses_are_read_and_written),
           T_(letters_of_another_thread_are_opened_in_their_order_and_none_is_lost))
