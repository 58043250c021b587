/*
 * Any JSON shown as if it were a Workflow: the tree, the head lines, the live view.  Whatever the
 * text, nothing but colour sequences of ours may command the terminal, and drawing ends.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/live.h"
#include "cli/screen.h"
#include "data/json.h"

enum { NOW_S = 1772359320, COLS = 40 };

static void
no_commands(const struct buf *text)
{
    for (size_t i = 0; i < text->n; i++) {
        unsigned char c = (unsigned char)text->p[i];

        if (c < 0x20 && c != '\n')
            abort();
    }
}

static void
collect(void *owner, struct str text)
{
    buf_str(owner, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t now_us = INT64_C(1000000) * NOW_S;
    struct tree_style style = {.utf8 = true, .now_us = now_us};
    struct json_limits limits = {.bytes = 1 << 20, .depth = 100};
    cleanup_json struct json_doc *d = NULL;
    cleanup_buf struct buf shown = BUF_INIT, drawn = BUF_INIT;
    cleanup_live struct live *v = live_new(&(struct live_setup){
        .terminal = size % 2 == 0, .rows = 5, .cols = COLS, .write = collect, .owner = &drawn});
    struct err e = ERR_INIT;

    if (json_parse(str_make((const char *)data, size), &limits, &d, &e) < 0)
        return 0;
    screen_write(&shown, json_root(d), &style);
    no_commands(&shown);
    live_show(v, d, now_us);
    no_commands(&drawn);
    live_log(v, STR("pod"), str_make((const char *)data, size % 50), now_us);
    live_finish(v, now_us);
    return 0;
}
