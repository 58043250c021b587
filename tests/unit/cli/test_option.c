#include "cli/option.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include "tests/unit/test.h"

static const struct option own[] = {
    {.name = "output", .letter = 'o', .argument = "FORMAT", .help = "how it is shown"},
    {.name = "parameter", .letter = 'p', .argument = "K=V", .help = "a value", .repeats = true},
    {.name = "quiet", .letter = 'q', .help = "say less"},
    {.name = "wait", .help = "stay"},
    OPTION_END,
};
static const struct option common[] = {
    {.name = "log_limit", .argument = "SIZE", .help = "bytes"},
    OPTION_END,
};

/* Parses a line of words; NULL and the message in *e if it is wrong. */
static struct options *
parse(const char *line, char *room, struct err *e)
{
    static char *words[16];
    struct options *o = NULL;
    int n = 0;

    memcpy(room, line, strlen(line) + 1);
    for (char *at = room; *at != '\0';) {
        words[n++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    *e = ERR_INIT;
    return options_parse(own, common, n, words, 0, &o, e) == 0 ? o : NULL;
}

TEST(every_form_of_a_flag_is_understood)
{
    static const char *const lines[] = {"--output json", "--output=json", "-o json",
                                        "-ojson",        "-qo json",      "-qojson"};

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char room[128];
        struct err e;
        struct options *o = parse(lines[i], room, &e);

        CHECK_NOT_NULL(o);
        CHECK_STR(option_value(o, "output"), "json");
        CHECK_INT(option_operand_count(o), 0);
        options_free(o);
    }
}

TEST(flags_and_operands_mix_and_two_dashes_end_the_flags)
{
    char room[128];
    struct err e;
    struct options *o = parse("a -q b -- -o --wait", room, &e);

    CHECK_NOT_NULL(o);
    CHECK_TRUE(option_switch(o, "quiet", false));
    CHECK_FALSE(option_given(o, "wait"));
    CHECK_INT(option_operand_count(o), 4);
    CHECK_STR(option_operand(o, 1), "b");
    CHECK_STR(option_operand(o, 3), "--wait");
    CHECK_NULL(option_operand(o, 4));
    options_free(o);
}

TEST(the_last_of_several_counts_unless_it_repeats)
{
    char room[128];
    struct err e;
    struct options *o = parse("-o a -p x=1 -o b -p y=2 --wait --no-wait", room, &e);
    size_t at = 0;

    CHECK_NOT_NULL(o);
    CHECK_STR(option_value(o, "output"), "b");
    CHECK_STR(option_next(o, "parameter", &at), "x=1");
    CHECK_STR(option_next(o, "parameter", &at), "y=2");
    CHECK_NULL(option_next(o, "parameter", &at));
    CHECK_TRUE(option_given(o, "wait"));
    CHECK_FALSE(option_switch(o, "wait", true));
    options_free(o);
}

TEST(dash_and_underscore_are_the_same_in_a_name)
{
    char room[128];
    struct err e;
    struct options *o = parse("--log-limit 1 --log_limit=2", room, &e);

    CHECK_NOT_NULL(o);
    CHECK_STR(option_value(o, "log-limit"), "2");
    options_free(o);
}

TEST(wrong_flags_are_named_with_what_was_expected)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"--ouptut json", "unknown flag --ouptut; did you mean --output?"},
        {"--log-limt 1", "unknown flag --log-limt; did you mean --log-limit?"},
        {"--zebra", "unknown flag --zebra"},
        {"--output", "flag --output needs a value: FORMAT"},
        {"-qo", "flag -o needs a value: FORMAT"},
        {"--quiet=yes", "flag --quiet takes no value"},
        {"--no-output", "unknown flag --no-output; did you mean --output?"},
        {"-z", "unknown flag -z"},
        {"-q\x1b", "unknown flag -?"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char room[128];
        struct err e;

        CHECK_NULL(parse(cases[i].line, room, &e));
        CHECK_INT(e.code, ERR_BADREQUEST);
        CHECK_STR(e.msg, cases[i].message);
    }
}

TEST(help_is_aligned_and_shows_every_flag)
{
    cleanup_buf struct buf text = BUF_INIT;

    option_help(&text, own);
    CHECK_STR(buf_cstring(&text), "  -o, --output FORMAT  how it is shown\n"
                                  "  -p, --parameter K=V  a value (repeatable)\n"
                                  "  -q, --quiet          say less\n"
                                  "      --wait           stay\n");
}

TEST(the_nearest_name_is_one_that_could_be_meant)
{
    static const char *const names[] = {"run", "lint", "doctor", "version"};

    CHECK_STR(option_nearest("rnu", names, 4), "run");
    CHECK_STR(option_nearest("dcotor", names, 4), "doctor");
    CHECK_STR(option_nearest("versoin", names, 4), "version");
    CHECK_NULL(option_nearest("kubernetes", names, 4));
    CHECK_NULL(option_nearest("", names, 4));
}

TESTS_MAIN(T_(every_form_of_a_flag_is_understood),
           T_(flags_and_operands_mix_and_two_dashes_end_the_flags),
           T_(the_last_of_several_counts_unless_it_repeats),
           T_(dash_and_underscore_are_the_same_in_a_name),
           T_(wrong_flags_are_named_with_what_was_expected),
           T_(help_is_aligned_and_shows_every_flag),
           T_(the_nearest_name_is_one_that_could_be_meant))
