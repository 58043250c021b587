#include "sandbox/wire.h"

#include "tests/unit/test.h"

struct point {
    uint32_t x;
    int64_t y;
    bool flag;
    const char *name;
};

static void
point_fields(struct wire *w, struct point *p)
{
    wire_u32(w, &p->x);
    wire_i64(w, &p->y);
    wire_bool(w, &p->flag);
    wire_text(w, &p->name);
}

static void
write_point(struct buf *b, struct point p)
{
    struct wire w;
    struct err e = ERR_INIT;

    wire_write(&w, b, 7);
    point_fields(&w, &p);
    CHECK_INT(wire_end(&w, &e), 0);
}

static int
read_point(struct str bytes, struct point *p, struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct wire w;
    uint32_t type;

    wire_read(&w, bytes, &a, &type);
    point_fields(&w, p);
    return wire_end(&w, e);
}

TEST(wire_reads_what_it_wrote)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    struct point p = {0};

    write_point(&b, (struct point){0xdeadbeef, -5, true, "name"});
    CHECK_INT(read_point(buf_view(&b), &p, &e), 0);
    CHECK_INT(p.x, 0xdeadbeef);
    CHECK_INT(p.y, -5);
    CHECK_TRUE(p.flag);
    CHECK_STR(p.name, "name");
}

TEST(wire_keeps_null_and_empty_text_apart)
{
    cleanup_buf struct buf b = BUF_INIT, c = BUF_INIT;
    struct err e = ERR_INIT;
    struct point p = {0};

    write_point(&b, (struct point){.name = NULL});
    CHECK_INT(read_point(buf_view(&b), &p, &e), 0);
    CHECK_NULL(p.name);
    write_point(&c, (struct point){.name = ""});
    CHECK_INT(read_point(buf_view(&c), &p, &e), 0);
    CHECK_STR(p.name, "");
}

TEST(wire_refuses_every_cut_and_every_byte_too_many)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    struct point p;

    write_point(&b, (struct point){1, 2, false, "abc"});
    for (size_t n = 0; n < b.n; n++)
        CHECK_INT(read_point(str_make(b.p, n), &p, &e), ERR_BADREQUEST);
    buf_char(&b, 'x');
    CHECK_INT(read_point(buf_view(&b), &p, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "follows the end");
}

TEST(wire_refuses_text_with_nul_and_odd_truth)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    struct point p;

    write_point(&b, (struct point){1, 2, false, "abc"});
    b.p[b.n - 3] = '\0';
    CHECK_INT(read_point(buf_view(&b), &p, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "NUL");
    b.p[b.n - 3] = 'b';
    b.p[8 + 4 + 8] = 2;
    CHECK_INT(read_point(buf_view(&b), &p, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, "neither 0 nor 1");
}

TEST(wire_bounds_a_list_by_the_bytes_that_are_left)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    const char *const *list;
    struct err e = ERR_INIT;
    struct wire w;
    uint32_t huge = 0x7fffffff, type;

    wire_write(&w, &b, 1);
    wire_u32(&w, &huge);
    wire_read(&w, buf_view(&b), &a, &type);
    wire_texts(&w, &list, NULL);
    CHECK_INT(wire_end(&w, &e), ERR_BADREQUEST);
    CHECK_NULL(list[0]);
    CHECK_TRUE(a.total < 1024 * 1024);
}

TEST(wire_says_when_the_buffer_is_full)
{
    cleanup_buf struct buf b = {.max = 16};
    const char *text = "longer than sixteen bytes";
    struct err e = ERR_INIT;
    struct wire w;

    wire_write(&w, &b, 1);
    wire_text(&w, &text);
    CHECK_INT(wire_end(&w, &e), ERR_TOOLARGE);
}

TESTS_MAIN(T_(wire_reads_what_it_wrote), T_(wire_keeps_null_and_empty_text_apart),
           T_(wire_refuses_every_cut_and_every_byte_too_many),
           T_(wire_refuses_text_with_nul_and_odd_truth),
           T_(wire_bounds_a_list_by_the_bytes_that_are_left), T_(wire_says_when_the_buffer_is_full))
