#include "auth/tokenfile.h"

#include "base/err.h"
#include "edge/caller.h"
#include "tests/unit/test.h"

static struct tokenfile *
read_text(const char *text)
{
    struct tokenfile *f = NULL;
    struct err e = ERR_INIT;

    if (tokenfile_parse(str_of(text), &f, &e) < 0)
        fail_msg("%s", e.msg);
    return f;
}

TEST(a_line_is_token_user_uid_and_groups)
{
    cleanup_tokenfile struct tokenfile *f =
        read_text("# users\n\nabc,admin,1,\"system:masters,dev\"\nd\"e,bob,2\n\"x,\"\"y\",eve,3\n");
    struct caller who;

    CHECK_TRUE(tokenfile_find(f, STR("abc"), &who));
    CHECK_VIEW(who.name, "admin");
    CHECK_VIEW(who.uid, "1");
    CHECK_INT(who.groups_n, 3);
    CHECK_VIEW(who.groups[0], "system:masters");
    CHECK_VIEW(who.groups[1], "dev");
    CHECK_VIEW(who.groups[2], "system:authenticated");
    CHECK_TRUE(tokenfile_find(f, STR("d\"e"), &who));
    CHECK_INT(who.groups_n, 1);
    CHECK_TRUE(tokenfile_find(f, STR("x,\"y"), &who));
    CHECK_VIEW(who.name, "eve");
    CHECK_FALSE(tokenfile_find(f, STR("ab"), &who));
    CHECK_FALSE(tokenfile_find(f, STR(""), &who));
}

static void
refused(const char *text, const char *why)
{
    struct tokenfile *f = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(tokenfile_parse(str_of(text), &f, &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, why);
}

TEST(what_is_no_line_is_named_by_its_number)
{
    refused("a,b,c\nonly-a-token\n", "line 2: expected token,user,uid");
    refused("\"abc,admin,1\n", "line 1: a quote is not closed");
    refused("a,b,c,d,e\n", "line 1: more than 4 fields");
}

TESTS_MAIN(T_(a_line_is_token_user_uid_and_groups), T_(what_is_no_line_is_named_by_its_number))
