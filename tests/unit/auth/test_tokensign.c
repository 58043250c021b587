#include "auth/tokensign.h"

#include "api/apiserver.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/test.h"

#define START_US (INT64_C(1700000000) * CLOCK_SECOND)

static const struct tokensign key = {.key = "0123456789abcdef0123456789abcde"};

static void
make(struct buf *to, struct str audience)
{
    struct apitoken t = {.ns = STR("team"),
                         .name = STR("robot"),
                         .uid = STR("u-1"),
                         .audience = audience,
                         .issued_us = START_US,
                         .expires_us = START_US + 600 * CLOCK_SECOND};

    tokensign_write(&key, &t, to);
}

static int
read_at(const struct tokensign *s, struct str token, int64_t now_us, struct apitoken *ret)
{
    static struct arena a;
    struct err e = ERR_INIT;

    return tokensign_read(s, &a, token, now_us, ret, &e);
}

TEST(a_token_says_whose_it_is_until_it_expires)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct apitoken t;

    make(&b, STR_NULL);
    CHECK_INT(read_at(&key, buf_view(&b), START_US, &t), 0);
    CHECK_VIEW(t.ns, "team");
    CHECK_VIEW(t.name, "robot");
    CHECK_VIEW(t.uid, "u-1");
    CHECK_INT(read_at(&key, buf_view(&b), START_US + 599 * CLOCK_SECOND, &t), 0);
    CHECK_INT(read_at(&key, buf_view(&b), START_US + 600 * CLOCK_SECOND, &t), ERR_UNAUTHORIZED);
    CHECK_INT(read_at(&key, buf_view(&b), START_US - 1, &t), ERR_UNAUTHORIZED);
}

TEST(a_token_that_was_touched_or_signed_by_another_is_none)
{
    static const struct tokensign other = {.key = "another"};
    cleanup_buf struct buf b = BUF_INIT;
    struct apitoken t;

    make(&b, STR_NULL);
    CHECK_INT(read_at(&other, buf_view(&b), START_US, &t), ERR_UNAUTHORIZED);
    for (size_t i = 0; i < b.n; i++) {
        char was = b.p[i];

        b.p[i] = was == 'A' ? 'B' : 'A';
        CHECK_INT(read_at(&key, buf_view(&b), START_US, &t), ERR_UNAUTHORIZED);
        b.p[i] = was;
    }
    for (size_t n = 0; n < b.n; n++)
        CHECK_INT(read_at(&key, str_make(b.p, n), START_US, &t), ERR_UNAUTHORIZED);
}

TEST(a_token_for_another_audience_opens_nothing_here)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct apitoken t;

    make(&b, STR("somebody-else"));
    CHECK_INT(read_at(&key, buf_view(&b), START_US, &t), ERR_UNAUTHORIZED);
}

TESTS_MAIN(T_(a_token_says_whose_it_is_until_it_expires),
           T_(a_token_that_was_touched_or_signed_by_another_is_none),
           T_(a_token_for_another_audience_opens_nothing_here))
