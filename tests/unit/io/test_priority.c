#include "io/priority.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void *
nice_of_thread(void *arg)
{
    *(int *)arg = getpriority(PRIO_PROCESS, 0);
    return NULL;
}

/* Runs in a process of its own, since nobody may lower the number again. */
static int
raised(void)
{
    int own, thread = 99, status = -1;
    pthread_t t;
    pid_t child;

    priority_raise();
    own = getpriority(PRIO_PROCESS, 0);
    if (pthread_create(&t, NULL, nice_of_thread, &thread) != 0 || pthread_join(t, NULL) != 0)
        return 1;
    child = fork();
    if (child == 0)
        _exit(getpriority(PRIO_PROCESS, 0) == 0 ? 0 : 1);
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 2;
    if (thread != 0 || status != 0)
        return 3;
    return own < 0 ? 10 : own == 0 ? 11 : 4;
}

static int
code_of(int (*fn)(void), int nice_before)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (nice_before > 0 && setpriority(PRIO_PROCESS, 0, nice_before) != 0)
            _exit(5);
        _exit(fn());
    }
    CHECK_TRUE(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
may_raise(void)
{
    return setpriority(PRIO_PROCESS, 0, -10) == 0;
}

TEST(a_thread_is_preferred_and_what_it_starts_is_not)
{
    if (getpriority(PRIO_PROCESS, 0) != 0) {
        skip(); /* somebody has set it for this test */
        return;
    }
    CHECK_INT(code_of(raised, 0), code_of(may_raise, 0) ? 10 : 11);
}

static int
kept(void)
{
    priority_raise();
    return getpriority(PRIO_PROCESS, 0);
}

TEST(a_priority_that_somebody_has_set_stays)
{
    CHECK_INT(code_of(kept, 5), 5);
}

TESTS_MAIN(T_(a_thread_is_preferred_and_what_it_starts_is_not),
           T_(a_priority_that_somebody_has_set_stays))
