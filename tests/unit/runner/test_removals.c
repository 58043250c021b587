/* When what pods leave behind is removed: at once, a little later, or by whoever removes the lot.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/process/removals.h"
#include "tests/unit/test.h"

struct scene {
    char data[32], shm[64];
    struct loop *loop;
    struct removals *removals;
};

static void
begin(struct scene *s, bool temporary)
{
    *s = (struct scene){.data = "/tmp/test_removals.XXXXXX"};
    CHECK_NOT_NULL(mkdtemp(s->data));
    snprintf(s->shm, sizeof s->shm, "/dev/shm/sluice-removals-%d", (int)getpid());
    CHECK_INT(mkdir(s->shm, 0700), 0);
    s->loop = loop_new_fake(0);
    s->removals = removals_new(s->loop, s->data, "/nonexistent", temporary);
}

static char *
uid(void)
{
    return xasprintf("removals-%d", (int)getpid());
}

/* A pod with an attempt's layer and its log. */
static void
leave_pod(struct scene *s, bool all)
{
    cleanup_free char *id = uid();
    cleanup_free char *layer = xasprintf("%s/pods/%s/main/0/upper/etc", s->data, id);
    cleanup_free char *log = xasprintf("%s/pods/%s/main/0/log", s->data, id);
    struct err e = ERR_INIT;

    CHECK_INT(file_mkdirs(AT_FDCWD, layer, 0700, &e), 0);
    CHECK_INT(file_write(AT_FDCWD, log, STR("said\n"), 0600, &e), 0);
    removals_add(s->removals, id, all);
}

static bool
is_there(const struct scene *s, const char *what)
{
    cleanup_free char *id = uid();
    cleanup_free char *path = xasprintf("%s/pods/%s/%s", s->data, id, what);

    return access(path, F_OK) == 0;
}

static void
end(struct scene *s)
{
    struct err e = ERR_INIT;

    removals_free(s->removals);
    while (loop_turn(s->loop, false)) {
    }
    loop_free(s->loop);
    (void)rmdir(s->shm);
    CHECK_INT(file_remove_tree(AT_FDCWD, s->data, &e), 0);
}

TEST(layers_go_at_once_and_logs_stay)
{
    struct scene s;

    begin(&s, false);
    leave_pod(&s, false);
    loop_advance(s.loop, 1);
    CHECK_FALSE(is_there(&s, "main/0/upper"));
    CHECK_TRUE(is_there(&s, "main/0/log"));
    CHECK_INT(access(s.shm, F_OK), -1);
    end(&s);
}

TEST(a_pod_that_nobody_knows_any_more_goes_as_a_whole)
{
    struct scene s;

    begin(&s, false);
    leave_pod(&s, true);
    loop_advance(s.loop, 1);
    CHECK_FALSE(is_there(&s, "."));
    end(&s);
}

TEST(in_a_temporary_directory_layers_go_a_little_later)
{
    struct scene s;

    begin(&s, true);
    leave_pod(&s, false);
    loop_advance(s.loop, CLOCK_SECOND / 100);
    CHECK_TRUE(is_there(&s, "main/0/upper"));
    loop_advance(s.loop, CLOCK_SECOND);
    CHECK_FALSE(is_there(&s, "main/0/upper"));
    end(&s);
}

TEST(what_goes_with_the_directory_is_left_to_it_and_nothing_else_is)
{
    struct scene s;

    begin(&s, true);
    leave_pod(&s, false);
    removals_leave(s.removals);
    loop_advance(s.loop, CLOCK_SECOND);
    CHECK_TRUE(is_there(&s, "main/0/upper"));
    CHECK_INT(access(s.shm, F_OK), -1); /* it lies elsewhere */
    end(&s);
}

TEST(what_was_put_off_is_done_at_the_end_if_the_directory_stays)
{
    struct scene s;

    begin(&s, true);
    leave_pod(&s, false);
    removals_free(TAKE(s.removals));
    loop_advance(s.loop, 1);
    CHECK_FALSE(is_there(&s, "main/0/upper"));
    end(&s);
}

TEST(no_name_leads_out_of_the_directory)
{
    struct scene s;

    begin(&s, false);
    leave_pod(&s, false);
    loop_advance(s.loop, 1);
    removals_add(s.removals, "../pods", true);
    loop_advance(s.loop, 1);
    CHECK_TRUE(is_there(&s, "main/0/log"));
    end(&s);
}

TESTS_MAIN(T_(layers_go_at_once_and_logs_stay),
           T_(a_pod_that_nobody_knows_any_more_goes_as_a_whole),
           T_(in_a_temporary_directory_layers_go_a_little_later),
           T_(what_goes_with_the_directory_is_left_to_it_and_nothing_else_is),
           T_(what_was_put_off_is_done_at_the_end_if_the_directory_stays),
           T_(no_name_leads_out_of_the_directory))
