#include "io/priority.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RAISED = -10 }; /* as a nice value */

void
priority_raise(void)
{
    struct sched_attr attr = {.size = sizeof attr,
                              .sched_policy = SCHED_NORMAL,
                              .sched_flags = SCHED_FLAG_RESET_ON_FORK,
                              .sched_nice = RAISED};

    errno = 0;
    if (getpriority(PRIO_PROCESS, 0) == 0 && errno == 0)
        (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}
