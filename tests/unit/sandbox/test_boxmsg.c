#include "sandbox/boxmsg.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "tests/unit/test.h"

TEST(boxmsg_ready_carries_its_findings)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct probe_finding findings[] = {{"idmap", true, "yes"}, {"overlay", false, "no"}};
    struct boxmsg m = {.type = BOXMSG_READY,
                       .tag = 9,
                       .ready = {.level = 2, .findings = findings, .findings_n = 2}};
    struct err e = ERR_INIT;
    struct boxmsg r;

    CHECK_INT(boxmsg_encode(&m, &b, &e), 0);
    CHECK_INT(boxmsg_decode(buf_view(&b), &a, &r, &e), 0);
    CHECK_INT(r.type, BOXMSG_READY);
    CHECK_INT(r.tag, 9);
    CHECK_INT(r.ready.findings_n, 2);
    CHECK_STR(r.ready.findings[1].text, "no");
    CHECK_NULL(r.ready.text);
}

TEST(boxmsg_replaces_what_the_buffer_held)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_buf struct buf b = BUF_INIT;
    struct boxmsg m = {.type = BOXMSG_STOP, .tag = 1, .stop = {5}}, r;
    struct err e = ERR_INIT;

    CHECK_INT(boxmsg_encode(&m, &b, &e), 0);
    m.stop.grace_us = 6;
    CHECK_INT(boxmsg_encode(&m, &b, &e), 0);
    CHECK_INT(boxmsg_decode(buf_view(&b), &a, &r, &e), 0);
    CHECK_INT(r.stop.grace_us, 6);
}

TEST(boxmsg_refuses_unknown_types_and_names_known_ones)
{
    static const char unknown[] = "slx1\x99\0\0\0\0\0\0\0\0\0\0\0";
    cleanup_arena struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct boxmsg r;

    CHECK_INT(boxmsg_decode(str_make(unknown, 16), &a, &r, &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "message unknown: the type of the message is unknown");
    CHECK_STR(boxmsg_name(BOXMSG_SPAWN), "SPAWN");
}

TESTS_MAIN(T_(boxmsg_ready_carries_its_findings), T_(boxmsg_replaces_what_the_buffer_held),
           T_(boxmsg_refuses_unknown_types_and_names_known_ones))
