#include "flow/argo/depends.h"

#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

/* States of the tasks A, B, C, ... by their first letter. */
struct states {
    const struct depends *depends;
    const unsigned *of;
};

static unsigned
state_of(void *arg, size_t i)
{
    struct states *s = arg;

    return s->of[depends_task_at(s->depends, i).p[0] - 'A'];
}

static bool
holds(const char *text, const unsigned *of)
{
    cleanup_depends struct depends *d = NULL;
    struct err e = ERR_INIT;

    if (depends_parse(str_of(text), &d, &e) < 0)
        fail_msg("%s: %s", text, e.msg);
    return depends_holds(d, state_of, &(struct states){d, of});
}

TEST(depends_bare_name_takes_succeeded_skipped_and_daemoned)
{
    CHECK_TRUE(holds("A", (unsigned[]){DEPENDS_SUCCEEDED}));
    CHECK_TRUE(holds("A", (unsigned[]){DEPENDS_SKIPPED}));
    CHECK_TRUE(holds("A", (unsigned[]){DEPENDS_DAEMONED}));
    CHECK_FALSE(holds("A", (unsigned[]){DEPENDS_FAILED}));
    CHECK_FALSE(holds("A", (unsigned[]){DEPENDS_OMITTED}));
    CHECK_FALSE(holds("A", (unsigned[]){0}));
}

TEST(depends_bare_name_takes_what_continue_on_allows)
{
    CHECK_TRUE(holds("A", (unsigned[]){DEPENDS_FAILED | DEPENDS_ON_FAILED}));
    CHECK_FALSE(holds("A", (unsigned[]){DEPENDS_ERRORED | DEPENDS_ON_FAILED}));
    CHECK_TRUE(holds("A", (unsigned[]){DEPENDS_ERRORED | DEPENDS_ON_ERROR}));
    CHECK_FALSE(holds("A.Succeeded", (unsigned[]){DEPENDS_FAILED | DEPENDS_ON_FAILED}));
}

TEST(depends_and_binds_tighter_than_or)
{
    const unsigned s = DEPENDS_SUCCEEDED, f = DEPENDS_FAILED;

    CHECK_TRUE(holds("A || B && C", (unsigned[]){s, f, f}));
    CHECK_FALSE(holds("(A || B) && C", (unsigned[]){s, f, f}));
    CHECK_TRUE(holds("A && B || C", (unsigned[]){f, f, s}));
    CHECK_TRUE(holds("!A && !(B||C)", (unsigned[]){f, f, f}));
    CHECK_TRUE(holds("!!A", (unsigned[]){s}));
}

TEST(depends_knows_every_result)
{
    static const struct {
        const char *text;
        unsigned state;
    } cases[] = {
        {"A.Succeeded", DEPENDS_SUCCEEDED},
        {"A.Failed", DEPENDS_FAILED},
        {"A.Errored", DEPENDS_ERRORED},
        {"A.Skipped", DEPENDS_SKIPPED},
        {"A.Omitted", DEPENDS_OMITTED},
        {"A.Daemoned", DEPENDS_DAEMONED},
        {"A.AnySucceeded", DEPENDS_ANY_SUCCEEDED},
        {"A.AllFailed", DEPENDS_ALL_FAILED},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t k = 0; k < ARRAY_LEN(cases); k++)
            CHECK_INT(holds(cases[i].text, &cases[k].state), i == k);
}

TEST(depends_lists_each_task_once)
{
    cleanup_depends struct depends *d = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(depends_parse(STR("my-task_1 && (b.Failed || my-task_1.AnySucceeded)"), &d, &e), 0);
    CHECK_INT(depends_task_count(d), 2);
    CHECK_VIEW(depends_task_at(d, 0), "my-task_1");
    CHECK_VIEW(depends_task_at(d, 1), "b");
    CHECK_TRUE(depends_task_needs_items(d, 0));
    CHECK_FALSE(depends_task_needs_items(d, 1));
}

TEST(depends_says_what_is_wrong)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"A &&", "depends 'A &&': expected a task name, '!' or '(' at the end"},
        {"A & B", "depends 'A & B': expected '&&', '||' or the end at character 3, not '&'"},
        {"(A || B", "depends '(A || B': expected ')', '&&' or '||' at the end"},
        {"A B", "depends 'A B': expected '&&', '||' or the end at character 3, not 'B'"},
        {"", "depends '': expected a task name, '!' or '(' at the end"},
        {"A.Done", "task result 'Done' for task 'A' is invalid: expected Succeeded, Failed, "
                   "Errored, Skipped, Omitted, Daemoned, AnySucceeded or AllFailed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct depends *d = NULL;
        struct err e = ERR_INIT;

        CHECK_INT(depends_parse(str_of(cases[i].text), &d, &e), ERR_INVALID);
        CHECK_STR(e.msg, cases[i].want);
        CHECK_NULL(d);
    }
}

TEST(depends_refuses_deep_nesting)
{
    char text[2 * DEPENDS_MAX_DEPTH + 10];
    struct depends *d = NULL;
    struct err e = ERR_INIT;

    memset(text, '(', sizeof text);
    CHECK_INT(depends_parse(str_make(text, sizeof text), &d, &e), ERR_TOOLARGE);
    memset(text, '!', sizeof text);
    CHECK_INT(depends_parse(str_make(text, sizeof text), &d, &e), ERR_TOOLARGE);
    CHECK_CONTAINS(e.msg, "100");
}

TEST(depends_reads_dependencies_as_all_bare)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_depends struct depends *d = NULL, *none = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(STR("{\"dependencies\":[\"A\",\"B\"]}"), NULL, &doc, &e), 0);
    CHECK_INT(depends_of_task(json_root(doc), &d, &e), 0);
    CHECK_INT(depends_task_count(d), 2);
    CHECK_TRUE(depends_holds(
        d, state_of, &(struct states){d, (unsigned[]){DEPENDS_SUCCEEDED, DEPENDS_SKIPPED}}));
    CHECK_FALSE(depends_holds(
        d, state_of, &(struct states){d, (unsigned[]){DEPENDS_SUCCEEDED, DEPENDS_FAILED}}));
    CHECK_INT(depends_of_task(NULL, &none, &e), 0);
    CHECK_TRUE(depends_holds(none, state_of, NULL));
}

TESTS_MAIN(T_(depends_bare_name_takes_succeeded_skipped_and_daemoned),
           T_(depends_bare_name_takes_what_continue_on_allows),
           T_(depends_and_binds_tighter_than_or), T_(depends_knows_every_result),
           T_(depends_lists_each_task_once), T_(depends_says_what_is_wrong),
           T_(depends_refuses_deep_nesting), T_(depends_reads_dependencies_as_all_bare))
