#include "sandbox/probe.h"

#include <stdio.h>

#include "base/err.h"
#include "tests/unit/test.h"

static struct probe
everything(bool root)
{
    struct probe p = {.root = root};

    for (int i = 0; i < PROBE_COUNT; i++) {
        p.have[i] = true;
        snprintf(p.text[i], PROBE_TEXT, "%s works", probe_name((enum probe_id)i));
    }
    return p;
}

TEST(probe_deny_reads_a_list_and_names_what_it_does_not_know)
{
    struct probe p = {.root = true};
    struct err e = ERR_INIT;

    CHECK_INT(probe_deny(&p, "idmap, waitkill,", &e), 0);
    CHECK_TRUE(p.denied[PROBE_IDMAP] && p.denied[PROBE_WAITKILL] && !p.denied[PROBE_OVERLAY]);
    CHECK_INT(probe_deny(&p, NULL, &e), 0);
    CHECK_INT(probe_deny(&p, "idmap,bogus", &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "'bogus'");
}

TEST(probe_best_says_what_stands_in_the_way)
{
    struct probe p = everything(true);
    char why[PROBE_TEXT];

    CHECK_INT(probe_best(&p, why), LEVEL_FULL);
    CHECK_STR(why, "");
    p.have[PROBE_IDMAP] = false;
    CHECK_INT(probe_best(&p, why), LEVEL_USER);
    CHECK_STR(why, "no level full: idmap works");
    p.have[PROBE_PROC] = false;
    CHECK_INT(probe_best(&p, why), LEVEL_NONE);
    CHECK_STR(why, "no level above none: proc works");
    p = everything(false);
    CHECK_INT(probe_best(&p, why), LEVEL_USER);
    CHECK_STR(why, "level full needs root");
}

TESTS_MAIN(T_(probe_deny_reads_a_list_and_names_what_it_does_not_know),
           T_(probe_best_says_what_stands_in_the_way))
