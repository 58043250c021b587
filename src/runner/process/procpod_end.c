/*
 * The end of containers, in Kubernetes' words, and the end of the pod: outputs are saved, and the
 * event ENDED says what it came to.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "io/job.h"
#include "runner/logs.h"
#include "runner/podio.h"
#include "runner/process/procpod.h"
#include "sandbox/boxrecord.h"

static const char *
clean(const char *text, struct arena *a)
{
    cleanup_buf struct buf b = BUF_INIT;

    utf8_clean(str_of(text), &b);
    return arena_strdup(a, buf_cstring(&b));
}

static const char *
end_of_log(int dir, struct arena *a)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    if (logs_end(dir, BOX_LOG, &text, &e) < 0)
        log_warn(NULL, "a container's last words: %s", e.msg);
    return clean(buf_cstring(&text), a);
}

struct runtime_exit
procpod_exit(const struct podspec_container *c, const struct box_exit *x, int dir, int64_t now_us,
             struct arena *a)
{
    struct runtime_exit r = {.ended_us = now_us};

    if (x == NULL) {
        r.code = 137;
        r.lost = true;
        r.reason = "ContainerStatusUnknown";
        r.message = "The container could not be located when the pod was terminated";
        return r;
    }
    r.code = x->code;
    r.signal = x->signal;
    r.started_us = x->started_us;
    r.ended_us = x->ended_us;
    r.cpu_us = (int64_t)x->cpu_us;
    r.memory_peak = (int64_t)x->memory_peak;
    r.message = x->message != NULL ? clean(x->message, a) : "";
    if (!x->executed) {
        r.code = 128;
        r.reason = "StartError";
        r.message = x->text != NULL ? clean(x->text, a) : "";
        r.started_us = 0;
    } else if (x->oom) {
        r.reason = "OOMKilled";
    } else {
        r.reason = x->code == 0 ? "Completed" : "Error";
    }
    if (x->executed && x->code != 0 && r.message[0] == '\0' && c->log_fallback)
        r.message = end_of_log(dir, a);
    return r;
}

/* The directory of the main container's last attempt; -1 if there is none. */
static int
open_main_dir(const struct procpod *p)
{
    size_t main = procpod_first_main(p->spec);
    cleanup_free char *path = xasprintf(
        "%s/%.*s/%u", p->dir, STR_ARG(p->spec->containers[main].name), life_attempt(p->life, main));

    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
write_times(const struct procpod *p, struct json_build *b)
{
    json_add_int(b, "queued_us", p->queued_us);
    json_add_int(b, "ready_us", p->ready_us);
    json_add_int(b, "started_us", p->started_us);
    json_add_int(b, "ended_us", p->ended_us);
    json_add_int(b, "saved_us", p->saved_us);
    json_add_object(b, "samples");
    json_add_int(b, "cpu_us", p->cpu_us);
    json_add_int(b, "memory_peak_bytes", p->memory_peak);
    json_end(b);
}

static struct json_doc *
write_outputs(const struct procpod *p)
{
    struct json_build b = JSON_BUILD_INIT;
    const struct runtime_exit *exit = life_exit(p->life, procpod_first_main(p->spec));

    json_add_object(&b, NULL);
    if (exit != NULL)
        json_add_int(&b, "exitCode", exit->code);
    outputs_write(&p->outputs, &b);
    write_times(p, &b);
    json_end(&b);
    return json_build_done(&b);
}

/* A step whose outputs could not be saved has not done what was asked of it. */
void
procpod_end(struct procpod *p)
{
    struct life_verdict verdict = life_verdict(p->life);
    struct json_doc *outputs;
    struct runtime_event event = {.type = RUNTIME_ENDED,
                                  .reason = verdict.reason,
                                  .message = verdict.message,
                                  .phase = verdict.succeeded ? "Succeeded" : "Failed"};

    p->saved_us = loop_wall_us(p->runtime->config.loop);
    if (verdict.succeeded && p->outputs.error != NULL) {
        event.phase = "Failed";
        event.reason = "OutputFailed";
        event.message = p->outputs.error;
    }
    outputs = write_outputs(p);
    event.outputs = outputs;
    event.blobs = p->outputs.saved.at;
    event.blobs_n = p->outputs.saved.n;
    procpod_enter(p, PROC_OVER);
    procpod_free_later(p);
    procpod_emit(p, &event);
    json_doc_unref(outputs);
}

/* A holder must not be forgotten alive: the end is told when it has ended as well. */
static void
end(struct procpod *p)
{
    p->saved = true;
    if (p->holder == NULL || p->holder_over)
        procpod_end(p);
}

static void
work(void *arg)
{
    struct procpod *p = arg;

    outputs_save(&p->outputs);
}

static void
done(void *arg)
{
    struct procpod *p = arg;

    p->job = false;
    if (p->freed) {
        procpod_free(p);
        return;
    }
    if (p->outputs.dir >= 0)
        close(TAKE_FD(p->outputs.dir));
    end(p);
}

static bool
is_evicted(const struct procpod *p)
{
    const char *reason = life_verdict(p->life).reason;

    return reason != NULL && strcmp(reason, "Evicted") == 0;
}

/* There may be no room for the record of its end as long as what it wrote is there. */
static void
make_room(void *arg)
{
    const struct procpod *p = arg;
    struct err e = ERR_INIT;

    procpod_remove_layers(p->dir, &e);
    procpod_shorten_logs(p->dir, &e);
    if (e.code < 0)
        log_warn(p->plan->name, "evicted: %s", e.msg);
}

void
procpod_save(struct procpod *p)
{
    const struct runtime_exit *exit = life_exit(p->life, procpod_first_main(p->spec));
    const struct podio *io = p->spec->io;

    procpod_enter(p, PROC_SAVING);
    if (is_evicted(p)) {
        p->job = true;
        job_run(p->runtime->config.loop, make_room, done, p);
        return;
    }
    p->outputs.io = io;
    p->outputs.plan = p->plan;
    p->outputs.blobs = &p->runtime->config.blobs;
    p->outputs.succeeded = exit != NULL && exit->code == 0;
    p->outputs.dir = -1;
    if (exit == NULL || !podio_has_outputs(io)) {
        end(p);
        return;
    }
    p->outputs.dir = open_main_dir(p);
    if (io->artifacts_n > 0 || io->archive_logs.p != NULL) {
        p->job = true;
        job_run(p->runtime->config.loop, work, done, p);
        return;
    }
    work(p);
    done(p);
}
