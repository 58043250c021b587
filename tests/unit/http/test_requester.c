/*
 * Requests to a server of ours on the same loop.  One that hangs is never answered, so that its
 * thread is still at work when the requester goes.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/exchange.h"
#include "http/requester.h"
#include "http/server.h"
#include "http/transfer.h"
#include "io/address.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000, MANY = REQUESTER_AT_ONCE + 3 };

struct site {
    struct loop *loop;
    struct server *server;
    struct listener *listener;
    struct address at;
    struct requester *requester;
    struct exchange *hanging[MANY];
    int asked, hung, answered;
    char last[16]; /* the name of whoever was answered last */
};

static void
on_proceed(void *arg, struct exchange *x)
{
    (void)arg;
    (void)x;
}

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    (void)arg;
    (void)x;
    (void)sent;
}

static const struct exchange_ops ops = {on_proceed, on_end};

static void
on_body(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    struct site *s = arg;
    const struct request *rq = exchange_request(x);
    const struct field field = {STR("X-One"), fields_get(&rq->fields, "X-One")};

    if (!last || why != NULL) {
        exchange_read(x, on_body, s);
        return;
    }
    exchange_answer(x, 201, &field, 1,
                    str_of(arena_printf(exchange_arena(x), "%.*s %.*s %.*s", STR_ARG(rq->method),
                                        STR_ARG(rq->path), STR_ARG(bytes))));
}

static void
on_request(void *arg, struct exchange *x)
{
    struct site *s = arg;

    s->asked++;
    exchange_own(x, &ops, s);
    if (str_is(exchange_request(x)->path, "/hang"))
        s->hanging[s->hung++] = x;
    else
        exchange_read(x, on_body, s);
}

static void
write_error(void *arg, const struct request *rq, int status, const struct err *why,
            struct buf *body, const char **content_type)
{
    (void)arg;
    (void)rq;
    (void)content_type;
    buf_printf(body, "%d: %s", status, why->msg);
}

static void
on_accept(void *arg, int fd, const struct address *peer)
{
    struct err e = ERR_INIT;

    (void)peer;
    CHECK_INT(server_adopt(((struct site *)arg)->server, &(struct server_arrival){.fd = fd}, &e),
              0);
}

static void
on_answer(void *arg, const char *name)
{
    struct site *s = arg;

    s->answered++;
    snprintf(s->last, sizeof s->last, "%s", name);
}

static void
open_site(struct site *s)
{
    const struct server_options options = {
        .handle = on_request, .write_error = write_error, .arg = s};
    struct err e = ERR_INIT;

    *s = (struct site){0};
    s->loop = loop_new(&e);
    s->server = server_new(s->loop, &options);
    CHECK_INT(address_parse(STR("127.0.0.1:0"), &s->at, &e), 0);
    s->listener = listener_new(&s->at, &e);
    CHECK_INT(listener_start(s->listener, s->loop, on_accept, s, &e), 0);
    s->requester = requester_new(s->loop, on_answer, s, &e);
    CHECK_NOT_NULL(s->requester);
}

static void
close_site(struct site *s)
{
    requester_free(s->requester);
    server_free(s->server);
    listener_free(s->listener);
    loop_free(s->loop);
}

static void
on_deadline(void *arg)
{
    const struct site *s = arg;

    fail_msg("nothing happened for too long; %d asked, %d answered", s->asked, s->answered);
}

#define UNTIL(s, condition) \
    do { \
        struct timer deadline_; \
        timer_init(&deadline_, (s)->loop, on_deadline, (s)); \
        timer_after(&deadline_, DEADLINE_US); \
        while (!(condition)) \
            loop_turn((s)->loop, true); \
        timer_stop(&deadline_); \
    } while (0)

static void
ask(struct site *s, const char *name, const char *path, const char *body)
{
    const struct transfer_header header = {STR("X-One"), STR("1")};
    cleanup_buf struct buf url = BUF_INIT;
    struct requester_request q = {.method = body != NULL ? STR("POST") : STR("GET"),
                                  .headers = &header,
                                  .headers_n = 1,
                                  .timeout_us = DEADLINE_US,
                                  .limit = 1000};

    buf_cstr(&url, "http://");
    address_write(&s->at, &url);
    buf_cstr(&url, path);
    q.url = buf_view(&url);
    if (body != NULL)
        q.body = str_of(body);
    s->requester->ops->ask(s->requester, name, &q);
}

static const struct requester_answer *
answer_of(struct site *s, const char *name)
{
    const struct requester_answer *found;

    CHECK_TRUE(s->requester->ops->look(s->requester, name, &found));
    return found;
}

TEST(an_answer_stays_under_its_name_until_it_is_forgotten)
{
    const struct requester_answer *got;
    struct site s;

    open_site(&s);
    CHECK_FALSE(s.requester->ops->look(s.requester, "a", &got));
    ask(&s, "a", "/one", "text");
    ask(&s, "a", "/other", NULL); /* is known already */
    CHECK_NULL(answer_of(&s, "a"));
    UNTIL(&s, s.answered > 0);
    CHECK_STR(s.last, "a");
    got = answer_of(&s, "a");
    CHECK_INT(got->why.code, 0);
    CHECK_INT(got->status, 201);
    CHECK_VIEW(got->body, "POST /one text");
    CHECK_TRUE(str_find(got->head, STR("X-One: 1\n"), 0) >= 0);
    s.requester->ops->forget(s.requester, "a");
    CHECK_FALSE(s.requester->ops->look(s.requester, "a", &got));
    CHECK_INT(s.asked, 1);
    close_site(&s);
    CHECK_FALSE(requester_left());
}

TEST(what_goes_wrong_is_an_answer_too)
{
    struct site s;

    open_site(&s);
    listener_free(s.listener);
    s.listener = NULL;
    ask(&s, "a", "/", NULL);
    UNTIL(&s, s.answered > 0);
    CHECK_INT(answer_of(&s, "a")->why.code, ERR_UNAVAILABLE);
    CHECK_INT(answer_of(&s, "a")->status, 0);
    close_site(&s);
    CHECK_FALSE(requester_left());
}

TEST(more_than_so_many_wait_in_line_and_may_leave_it)
{
    struct site s;
    char name[16];

    open_site(&s);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%d", i);
        ask(&s, name, i < REQUESTER_AT_ONCE ? "/hang" : "/line", NULL);
    }
    UNTIL(&s, s.hung == REQUESTER_AT_ONCE);
    CHECK_INT(s.asked, REQUESTER_AT_ONCE);
    s.requester->ops->forget(s.requester, name); /* the last of the line */
    for (int i = 0; i < s.hung; i++)
        exchange_answer(s.hanging[i], 200, NULL, 0, STR("late"));
    UNTIL(&s, s.answered == MANY - 1);
    CHECK_INT(s.asked, MANY - 1);
    close_site(&s);
    CHECK_FALSE(requester_left());
}

/* Its thread stays, and what is told with it: the tests before this one have left none. */
TEST(a_requester_that_goes_tells_that_a_thread_is_still_at_work)
{
    struct site s;

    open_site(&s);
    ask(&s, "a", "/hang", NULL);
    UNTIL(&s, s.hung == 1);
    requester_free(s.requester);
    s.requester = NULL;
    CHECK_TRUE(requester_left());
    CHECK_INT(s.answered, 0);
    close_site(&s);
}

TEST(nobody_hears_of_a_request_that_is_forgotten_under_way)
{
    const struct requester_answer *got;
    struct site s;

    open_site(&s);
    ask(&s, "a", "/hang", NULL);
    UNTIL(&s, s.hung == 1);
    s.requester->ops->forget(s.requester, "a");
    CHECK_FALSE(s.requester->ops->look(s.requester, "a", &got));
    ask(&s, "b", "/", NULL);
    UNTIL(&s, s.answered == 1);
    CHECK_STR(s.last, "b");
    exchange_answer(s.hanging[0], 200, NULL, 0, STR("late"));
    close_site(&s);
}

int
main(void)
{
    const struct CMUnitTest all[] = {
        T_(an_answer_stays_under_its_name_until_it_is_forgotten),
        T_(what_goes_wrong_is_an_answer_too),
        T_(more_than_so_many_wait_in_line_and_may_leave_it),
        T_(a_requester_that_goes_tells_that_a_thread_is_still_at_work),
        T_(nobody_hears_of_a_request_that_is_forgotten_under_way),
    };
    int failed = cmocka_run_group_tests_name(__FILE__, all, NULL, NULL);

    fflush(NULL);
    _exit(failed);
}
