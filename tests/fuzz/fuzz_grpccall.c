/*
 * fuzz_grpccall - a gRPC server that means ill: whatever it sends, the call has one answer, whose
 * text is text, once the connection has ended.
 *
 * The first byte says how the others are cut in two.  SETTINGS go before them, without which the
 * call never asks; so what follows finds the request on stream 1.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/grpccall.h"
#include "io/address.h"
#include "io/loop.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct loop *loop;
    struct address at;
    int listener;
    int answers;
} site;

static void
open_site(void)
{
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT;

    buf_printf(&text, "unix:%s/s", scratch_path());
    site.loop = loop_new(&e);
    CHECK(address_parse(buf_view(&text), &site.at, &e) == 0);
    buf_done(&text);
    site.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(site.listener, &site.at.any, site.at.n) == 0 && listen(site.listener, 1) == 0);
}

static void
on_answer(void *arg, int status, struct str answer)
{
    cleanup_buf struct buf clean = BUF_INIT;

    (void)arg;
    site.answers++;
    CHECK(status >= GRPCCALL_UNREACHED);
    grpccall_write_status(status, &clean);
    CHECK(clean.n > 0);
    if (status == GRPCCALL_OK)
        return;
    buf_clear(&clean);
    utf8_clean(answer, &clean);
    CHECK(str_eq(buf_view(&clean), answer));
}

static void
say(int server, struct str bytes)
{
    char room[4096];

    if (bytes.n > 0 && site.answers == 0)
        (void)send(server, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    for (int i = 0; i < 20 && site.answers == 0 && loop_turn(site.loop, false); i++)
        while (recv(server, room, sizeof room, MSG_DONTWAIT) > 0)
            ;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char settings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    struct str bytes = str_make((const char *)data, size);
    struct grpccall_request rq = {.to = &site.at,
                                  .authority = STR("localhost:1"),
                                  .path = STR("/grpc.health.v1.Health/Check"),
                                  .agent = STR("fuzz"),
                                  .timeout_us = 1000000};
    struct err e = ERR_INIT;
    struct grpccall *c;
    size_t cut;
    int server;

    if (size == 0)
        return 0;
    if (site.loop == NULL)
        open_site();
    site.answers = 0;
    c = grpccall_new(site.loop, &rq, on_answer, NULL, &e);
    CHECK(c != NULL);
    server = accept(site.listener, NULL, NULL);
    CHECK(server >= 0);
    say(server, str_make(settings, sizeof settings));
    cut = 1 + data[0] * (size - 1) / 255;
    say(server, str_slice(bytes, 1, cut));
    say(server, str_slice(bytes, cut, bytes.n));
    close(server);
    for (int i = 0; i < 100 && site.answers == 0; i++)
        loop_turn(site.loop, false);
    CHECK(site.answers == 1);
    grpccall_free(c);
    return 0;
}
