#include "sandbox/boxgroup_claim.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/boxgroup_find.h"
#include "tests/unit/test.h"

/* Plain directories stand in for groups: what is asked of them is the same. */
struct place {
    char path[40];
    int fd;
};

static struct place
place_new(void)
{
    struct place p = {.path = "/tmp/test_boxgroup_claim.XXXXXX"};

    CHECK_NOT_NULL(mkdtemp(p.path));
    p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_TRUE(p.fd >= 0);
    return p;
}

static void
place_done(struct place *p)
{
    close(p->fd);
    CHECK_INT(rmdir(p->path), 0);
}

/* One that ended: what a process in another pid namespace looks like as well. */
static int
dead_pid(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    CHECK_INT(waitpid(pid, NULL, 0), pid);
    return pid;
}

static bool
exists(const struct place *p, const char *name)
{
    return faccessat(p->fd, name, F_OK, 0) == 0;
}

TEST(an_own_directory_is_not_swept)
{
    struct place p = place_new();
    char name[64];
    int claim;

    boxgroup_claim_name(name, sizeof name);
    claim = boxgroup_claim(p.fd, name);
    CHECK_TRUE(claim >= 0);
    boxgroup_sweep(p.path);
    CHECK_TRUE(exists(&p, name));
    close(claim);
    boxgroup_sweep(p.path);
    CHECK_TRUE(exists(&p, name)); /* this process lives */
    CHECK_INT(unlinkat(p.fd, name, AT_REMOVEDIR), 0);
    place_done(&p);
}

TEST(a_directory_of_a_spawner_that_cannot_be_seen_is_left_until_it_lets_go)
{
    struct place p = place_new();
    char name[64];
    int first, second;

    snprintf(name, sizeof name, "sluice-%d-0", dead_pid());
    first = boxgroup_claim(p.fd, name);
    second = boxgroup_claim(p.fd, name);
    CHECK_TRUE(first >= 0 && second >= 0);
    CHECK_INT(mkdirat(first, "p0", 0755), 0);
    boxgroup_sweep(p.path);
    CHECK_TRUE(faccessat(first, "p0", F_OK, 0) == 0);
    close(first);
    boxgroup_sweep(p.path);
    CHECK_TRUE(exists(&p, name));
    close(second);
    boxgroup_sweep(p.path);
    CHECK_FALSE(exists(&p, name));
    place_done(&p);
}

TEST(what_is_not_ours_or_still_used_is_left)
{
    static const char *const others[] = {"sluice.server", "other", "sluice-1-0"};
    struct place p = place_new();
    char used[64], inside[80], within[80];

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK_INT(mkdirat(p.fd, others[i], 0755), 0);
    snprintf(used, sizeof used, "sluice-%d-0", dead_pid());
    snprintf(inside, sizeof inside, "%s/p0", used);
    snprintf(within, sizeof within, "%s/p0/x", used);
    CHECK_INT(mkdirat(p.fd, used, 0755), 0);
    CHECK_INT(mkdirat(p.fd, inside, 0755), 0);
    CHECK_INT(mkdirat(p.fd, within, 0755), 0);
    boxgroup_sweep(p.path);
    CHECK_TRUE(exists(&p, within));
    CHECK_INT(unlinkat(p.fd, within, AT_REMOVEDIR), 0);
    boxgroup_sweep(p.path);
    CHECK_FALSE(exists(&p, used));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK_INT(unlinkat(p.fd, others[i], AT_REMOVEDIR), 0);
    place_done(&p);
}

/* A plain directory with a file in it could not be removed at all, so this needs groups. */
TEST(a_slot_that_is_about_to_be_entered_is_left)
{
    char path[BOXGROUP_PATH], why[BOXGROUP_PATH], name[64], slot[80], file[96];
    struct boxgroup_files files;
    bool v2;
    int base, claim, enter;

    boxgroup_read(&files);
    snprintf(name, sizeof name, "sluice-%d-0", dead_pid());
    snprintf(slot, sizeof slot, "%s/p0", name);
    if (!boxgroup_find(&files, "pids", path, &v2, why))
        skip();
    base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    claim = base < 0 ? -1 : boxgroup_claim(base, name);
    if (claim < 0)
        skip(); /* not root */
    CHECK_INT(mkdirat(base, slot, 0755), 0);
    snprintf(file, sizeof file, "%s/%s", slot, v2 ? "cgroup.procs" : "tasks");
    enter = openat(base, file, O_WRONLY | O_CLOEXEC);
    CHECK_TRUE(enter >= 0);
    boxgroup_hold(enter);
    close(claim);
    boxgroup_sweep(path);
    CHECK_INT(faccessat(base, slot, F_OK, 0), 0);
    close(enter);
    boxgroup_sweep(path);
    CHECK_TRUE(faccessat(base, name, F_OK, 0) < 0);
    close(base);
}

TESTS_MAIN(T_(an_own_directory_is_not_swept),
           T_(a_directory_of_a_spawner_that_cannot_be_seen_is_left_until_it_lets_go),
           T_(what_is_not_ours_or_still_used_is_left),
           T_(a_slot_that_is_about_to_be_entered_is_left))
