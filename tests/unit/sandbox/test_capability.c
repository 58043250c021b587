#include "sandbox/capability.h"

#include <linux/capability.h>

#include "tests/unit/test.h"

TEST(capability_names_are_the_kernels)
{
    uint64_t mask = 0;

    CHECK_TRUE(capability_from_name(STR("CHOWN"), &mask));
    CHECK_TRUE(mask == 1);
    CHECK_TRUE(capability_from_name(STR("cap_checkpoint_restore"), &mask));
    CHECK_TRUE(mask == UINT64_C(1) << CAP_CHECKPOINT_RESTORE);
    CHECK_TRUE(capability_from_name(STR("SYS_ADMIN"), &mask));
    CHECK_TRUE(mask == UINT64_C(1) << CAP_SYS_ADMIN);
    CHECK_FALSE(capability_from_name(STR("SYS_NOTHING"), &mask));
    CHECK_FALSE(capability_from_name(STR("CAP_"), &mask));
    CHECK_FALSE(capability_from_name(STR(""), &mask));
}

TEST(capability_all_leaves_out_what_a_step_never_has)
{
    uint64_t mask = 0;

    CHECK_TRUE(capability_from_name(STR("ALL"), &mask));
    CHECK_TRUE((mask & capability_never()) == 0);
    CHECK_TRUE((capability_usual() & capability_never()) == 0);
    CHECK_TRUE((capability_usual() & ~mask) == 0);
}

TESTS_MAIN(T_(capability_names_are_the_kernels),
           T_(capability_all_leaves_out_what_a_step_never_has))
