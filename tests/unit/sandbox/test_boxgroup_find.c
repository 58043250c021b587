#include "sandbox/boxgroup_find.h"

#include "tests/unit/test.h"

static const char hybrid_mounts[] =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char hybrid_groups[] = "4:memory:/a/b\n1:cpu,cpuacct:/\n0::/user.slice\n";

static struct str
text(const char *s)
{
    return str_of(s);
}

TEST(boxgroup_find_takes_the_hierarchy_that_has_the_controller)
{
    char path[BOXGROUP_PATH];

    CHECK_TRUE(boxgroup_find_in(text(hybrid_mounts), text(hybrid_groups), "memory", false, path));
    CHECK_STR(path, "/sys/fs/cgroup/memory/a/b");
    CHECK_TRUE(boxgroup_find_in(text(hybrid_mounts), text(hybrid_groups), "cpu", false, path));
    CHECK_STR(path, "/sys/fs/cgroup/cpu,cpuacct/");
    CHECK_FALSE(boxgroup_find_in(text(hybrid_mounts), text(hybrid_groups), "pids", false, path));
    CHECK_TRUE(boxgroup_find_in(text(hybrid_mounts), text(hybrid_groups), "pids", true, path));
    CHECK_STR(path, "/sys/fs/cgroup/unified/user.slice");
}

TEST(boxgroup_find_knows_a_mount_of_a_part)
{
    static const char mounts[] = "35 31 0:32 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
    char path[BOXGROUP_PATH];

    CHECK_TRUE(boxgroup_find_in(text(mounts), STR("0::/docker/x/y\n"), "memory", true, path));
    CHECK_STR(path, "/sys/fs/cgroup/y");
    CHECK_FALSE(boxgroup_find_in(text(mounts), STR("0::/other\n"), "memory", true, path));
}

TEST(boxgroup_find_survives_nonsense)
{
    char path[BOXGROUP_PATH];

    CHECK_FALSE(boxgroup_find_in(STR("x\n\n- - -"), STR("::::\n0\n:"), "memory", true, path));
    CHECK_FALSE(boxgroup_find_in(STR(""), STR("0::/"), "memory", true, path));
}

TESTS_MAIN(T_(boxgroup_find_takes_the_hierarchy_that_has_the_controller),
           T_(boxgroup_find_knows_a_mount_of_a_part), T_(boxgroup_find_survives_nonsense))
