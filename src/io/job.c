#include "io/job.h"

#include <stdlib.h>

#include "base/log.h"
#include "io/loop_int.h"

struct job {
    uv_work_t request;
    struct list link; /* on a fake loop */
    struct loop *loop;
    job_work_fn *work;
    job_done_fn *done;
    void *arg;
};

static void
on_worker(uv_work_t *request)
{
    struct job *j = request->data;

    j->work(j->arg);
}

static void
finish(struct job *j)
{
    job_done_fn *done = j->done;
    void *arg = j->arg;

    j->loop->jobs--;
    free(j);
    done(arg);
}

static void
on_done(uv_work_t *request, int status)
{
    struct job *j = request->data;

    (void)status; /* nothing is ever cancelled */
    loop_ran(j->loop);
    finish(j);
}

void
job_run(struct loop *l, job_work_fn *work, job_done_fn *done, void *arg)
{
    struct job *j = NEW(struct job);

    *j = (struct job){.loop = l, .work = work, .done = done, .arg = arg};
    list_init(&j->link);
    j->request.data = j;
    l->jobs++;
    if (l->fake)
        list_append(&l->fake_jobs, &j->link);
    else
        CHECK(uv_queue_work(&l->uv, &j->request, on_worker, on_done) == 0);
}

bool
job_run_fake(struct loop *l)
{
    struct list now;
    bool any = !list_empty(&l->fake_jobs);

    list_init(&now);
    list_splice(&now, &l->fake_jobs);
    for (struct list *at = list_shift(&now); at != NULL; at = list_shift(&now)) {
        struct job *j = LIST_ITEM(at, struct job, link);

        j->work(j->arg);
        finish(j);
    }
    return any;
}

size_t
job_count(const struct loop *l)
{
    return l->jobs;
}
