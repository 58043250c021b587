#include "cli/settings_file.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/settings_table.h"

#include "tests/unit/test.h"

struct edit {
    const char *before;
    const char *pattern, *target; /* no target: removes */
    const char *after;            /* NULL: refused */
    size_t removed;
};

static void
check(const struct edit *c)
{
    struct settings_image rule = {.pattern = NULL};
    struct err e = ERR_INIT;
    cleanup_buf struct buf got = BUF_INIT;
    size_t removed;
    int code;

    if (c->target != NULL)
        CHECK_INT(setting_image_target(str_of(c->pattern), str_of(c->target), &rule, &e), 0);
    code = settings_file_edit_images(str_of(c->before), c->pattern,
                                     c->target != NULL ? &rule : NULL, &got, &removed, &e);
    settings_image_done(&rule);
    if (c->after == NULL) {
        CHECK_TRUE(code < 0);
        return;
    }
    CHECK_STR(e.msg, "");
    CHECK_STR(buf_cstring(&got), c->after);
    CHECK_INT(removed, c->removed);
}

TEST(a_rule_is_put_before_the_others_and_comments_stay)
{
    static const struct edit cases[] = {
        {"", "a", "host", "images:\n  - {image: a, host: true}\n", 0},
        {"# mine\nmax_pods: 2 # few\n", "a:*", "python:3.11",
         "# mine\nmax_pods: 2 # few\n\nimages:\n  - {image: \"a:*\", python: \"3.11\"}\n", 0},
        {"images:\n# the first\n- {image: b, host: true} # yes\n\n# next\nmax_pods: 2\n", "a",
         "/srv/a",
         "images:\n- {image: a, directory: /srv/a}\n# the first\n- {image: b, host: true} # yes\n\n"
         "# next\nmax_pods: 2\n",
         0},
        {"images: [] # none\nmax_pods: 2\n", "a", "host",
         "images:\n  - {image: a, host: true}\nmax_pods: 2\n", 0},
        {"images:\nmax_pods: 2\n", "a", "host",
         "images:\n  - {image: a, host: true}\nmax_pods: 2\n", 0},
        {"max_pods: 2", "a", "host", "max_pods: 2\n\nimages:\n  - {image: a, host: true}\n", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i]);
}

TEST(a_rule_for_the_same_pattern_is_replaced_whatever_its_form)
{
    static const struct edit cases[] = {
        {"images:\n  - {image: a, host: true}\n  - {image: b, host: true}\n", "b", "/b",
         "images:\n  - {image: b, directory: /b}\n  - {image: a, host: true}\n", 1},
        {"images:\n  - image: a\n    # why\n    host: true\n  # of b\n  - image: b\n    host: "
         "true\n",
         "a", "/a",
         "images:\n  - {image: a, directory: /a}\n  # of b\n  - image: b\n    host: true\n", 1},
        {"images:\n  - {image: a,\n     host: true}\n\nmax_pods: 1\n", "a", NULL,
         "images:\n\nmax_pods: 1\n", 1},
        {"images:\n  -\n    image: a\n    host: true\n", "a", NULL, "images:\n", 1},
        {"images:\n  - {image: a, host: true}\n", "b", NULL,
         "images:\n  - {image: a, host: true}\n", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i]);
}

TEST(what_cannot_be_edited_safely_is_refused)
{
    static const struct edit cases[] = {
        {"images: [{image: b, host: true}]\n", "a", "host", NULL, 0},
        {"images:\n  [{image: b, host: true}]\n", "b", NULL, NULL, 0},
        {"{images: [{image: b, host: true}]}\n", "b", NULL, NULL, 0},
        {"no_such_setting: 1\n", "a", "host", NULL, 0},
        {"images: {\n", "a", "host", NULL, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i]);
}

TEST(a_target_is_one_of_four_things)
{
    static const char *const wrong[] = {"", "hosts", "python:", "python", "relative/path"};
    struct settings_image rule;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CHECK_INT(setting_image_target(STR("a"), str_of(wrong[i]), &rule, &e), ERR_INVALID);
    CHECK_INT(setting_image_target(STR(""), STR("host"), &rule, &e), ERR_INVALID);
}

TESTS_MAIN(T_(a_rule_is_put_before_the_others_and_comments_stay),
           T_(a_rule_for_the_same_pattern_is_replaced_whatever_its_form),
           T_(what_cannot_be_edited_safely_is_refused), T_(a_target_is_one_of_four_things))
