/* Specifications and messages from any bytes; what decodes must encode to the same again. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_buf struct buf b = BUF_INIT, c = BUF_INIT;
    /* On the heap and of exactly this size, so that a read beyond it is seen. */
    cleanup_free char *copy = xmemdup(data, size);
    struct err e = ERR_INIT;
    struct boxspec s;
    struct boxmsg m;

    if (boxspec_decode(str_make(copy, size), &a, &s, &e) == 0) {
        CHECK(boxspec_encode(&s, &b, &e) == 0);
        CHECK(b.n == size && memcmp(b.p, copy, size) == 0);
    }
    if (boxmsg_decode(str_make(copy, size), &a, &m, &e) == 0 && boxmsg_encode(&m, &c, &e) == 0)
        CHECK(c.n == size && memcmp(c.p, copy, size) == 0);
    return 0;
}
