#include "tests/unit/test.h"

#include "cli/treetable.h"

static void
add_line(struct treetable *t, const char *const *cells, size_t n)
{
    treetable_line(t);
    for (size_t i = 0; i < n; i++) {
        buf_cstr(&t->text, cells[i]);
        treetable_cell_end(t);
    }
}

TEST(a_column_is_as_wide_as_its_widest_cell_and_the_last_cell_is_free)
{
    cleanup_treetable struct treetable t = TREETABLE_INIT;
    cleanup_buf struct buf got = BUF_INIT;

    add_line(&t, (const char *const[]){"A", "LONGER", "free and very long"}, 3);
    add_line(&t, (const char *const[]){"wide one", "b", "c", ""}, 4);
    add_line(&t, (const char *const[]){"", "", "cc", ""}, 4);
    treetable_write(&t, &got);
    CHECK_STR(buf_cstring(&got), "A         LONGER  free and very long\n"
                                 "wide one  b       c   \n"
                                 "                  cc  \n");
}

TEST(a_line_without_the_column_ends_its_block)
{
    cleanup_treetable struct treetable t = TREETABLE_INIT;
    cleanup_buf struct buf got = BUF_INIT;

    add_line(&t, (const char *const[]){"aaaa", "b"}, 2);
    add_line(&t, (const char *const[]){"alone"}, 1);
    add_line(&t, (const char *const[]){"a", "b"}, 2);
    treetable_write(&t, &got);
    CHECK_STR(buf_cstring(&got), "aaaa  b\nalone\na  b\n");
}

TEST(width_counts_terminal_cells)
{
    CHECK_INT(treetable_width(STR("")), 0);
    CHECK_INT(treetable_width(STR("abc")), 3);
    CHECK_INT(treetable_width(STR("\u2714 \u251c\u2500")), 4);
    CHECK_INT(treetable_width(STR("\uc774\ub984")), 4);      /* two Korean syllables */
    CHECK_INT(treetable_width(STR("e\u0301")), 1);           /* a combining accent */
    CHECK_INT(treetable_width(STR("\033[32mok\033[0m")), 2); /* colours */
    CHECK_INT(treetable_width(STR("\xff\xfe")), 2);          /* malformed: one each */
    CHECK_INT(treetable_width(STR("\U0001f553 x")), 4);      /* an emoji */
}

TEST(text_is_cut_between_characters_and_keeps_escapes)
{
    CHECK_VIEW(treetable_fit(STR("abcdef"), 3), "abc");
    CHECK_VIEW(treetable_fit(STR("abc"), 3), "abc");
    CHECK_VIEW(treetable_fit(STR("\uc774\ub984"), 3), "\uc774");
    CHECK_VIEW(treetable_fit(STR("\033[32mab\033[0mc"), 2), "\033[32mab\033[0m");
    CHECK_VIEW(treetable_fit(STR("ab"), 0), "");
}

TEST(text_from_outside_cannot_command_the_terminal)
{
    cleanup_buf struct buf got = BUF_INIT;

    treetable_clean(&got, STR("a\033[2Jb\tc\nd\x7f"
                              "e\xc2\x9b"
                              "f\xffg\u202ex \u00e9\u2714"));
    CHECK_STR(buf_cstring(&got), "a [2Jb c d e f\ufffdg x \u00e9\u2714");
}

TEST(malformed_utf8_becomes_the_replacement_character)
{
    cleanup_buf struct buf got = BUF_INIT;

    treetable_clean(&got, STR("\xc0\xaf"));     /* overlong */
    treetable_clean(&got, STR("\xed\xa0\x80")); /* a surrogate */
    treetable_clean(&got, STR("\xe2\x82"));     /* cut short */
    CHECK_STR(buf_cstring(&got), "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
}

TESTS_MAIN(T_(a_column_is_as_wide_as_its_widest_cell_and_the_last_cell_is_free),
           T_(a_line_without_the_column_ends_its_block), T_(width_counts_terminal_cells),
           T_(text_is_cut_between_characters_and_keeps_escapes),
           T_(text_from_outside_cannot_command_the_terminal),
           T_(malformed_utf8_becomes_the_replacement_character))
