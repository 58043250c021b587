/*
 * procpod - one pod of the process runtime: its stages around its life.
 *
 *   QUEUED    -- admitted -------------------> PREPARING   (a job: images, volumes, inputs)
 *   ADOPTING  -- every attempt is known -----> PREPARING
 *   PREPARING -- done -----------------------> RUNNING     (runner/life.h decides what runs)
 *   PREPARING -- image or volume missing ----> REFUSED     (event; the pod is forgotten)
 *   any       -- all containers ended -------> SAVING      (a job if there are artifacts)
 *   SAVING    -- done -----------------------> OVER        (event ENDED; the pod is forgotten)
 *
 * For the files of process/ only.  Loop thread.
 */
#ifndef RUNNER_PROCPOD_H
#define RUNNER_PROCPOD_H

#include <arpa/inet.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "io/loop.h"
#include "runner/admission.h"
#include "runner/imageconfig.h"
#include "runner/life.h"
#include "runner/netprobe.h"
#include "runner/outputs.h"
#include "runner/podspec.h"
#include "runner/process/eviction.h"
#include "runner/process/podholder.h"
#include "runner/process/process_runtime.h"
#include "runner/pyenv.h"
#include "runner/volumes.h"

struct attempt;
struct attempt_exec;
struct box_exit;
struct procpod;
struct removals;
struct spawner;

struct process_runtime {
    struct runtime runtime; /* first */
    struct process_runtime_config config;
    struct spawner *spawner;
    struct netprobe_ground netprobes;
    struct admission admission;
    struct map pods;      /* by uid */
    struct list refusals; /* pods to free at the next pass */
    struct task sweep;
    struct eviction eviction;
    struct removals *removals;
    enum level level; /* once ready */
    bool network;     /* pods have addresses */
    bool ready;       /* it is known what can be had */
    bool told_ready;
    bool recovered; /* what an earlier server had recorded is known */
    struct source_machine machine;
    char *boot_id;
};

enum procpod_stage {
    PROC_QUEUED,
    PROC_ADOPTING,
    PROC_PREPARING,
    PROC_RUNNING,
    PROC_SAVING,
    PROC_OVER,
};

struct proc_probe {
    struct proc_container *container;
    enum life_probe which;
    struct attempt_exec *exec; /* NULL: none is running */
    struct netprobe *net;      /* NULL: none is under way */
    struct buf output;
    struct task answer; /* what could not be asked is answered from the loop */
};

struct proc_container {
    struct procpod *pod;
    const struct podspec_container *spec;
    struct attempt *attempt; /* the current one; NULL before the first */
    bool asked;              /* adopting: it has not answered yet */
    bool awaits_holder;      /* launched as soon as the pod has one */
    struct image image;
    struct imageconfig image_config;
    struct pyenv pyenv;
    struct proc_probe probes[3];
    struct task fail; /* a launch that went wrong is told from the loop */
    char *fail_reason, *fail_message;
    int fail_code;
};

struct procpod {
    struct list link; /* when it is to be freed */
    struct process_runtime *runtime;
    struct plan *plan;
    char *names; /* newer than the plan's; NULL: those are */
    struct arena arena;
    struct podspec *spec;
    struct life *life;
    enum procpod_stage stage;
    int64_t stage_us; /* wall: since when */
    struct admission_pod admission;
    struct proc_container *containers;
    struct podholder *holder; /* of what several containers share; NULL: there is only one */
    bool holder_asked;        /* adopting: it has not answered yet */
    bool holder_over;         /* it has ended for good */
    size_t adopting;          /* attempts, and the holder, not known yet */
    bool is_over;             /* life has said so while a job was running */
    bool saved;               /* the end waits for the holder's */
    bool job;                 /* one is running: the pod must stay */
    bool freed;               /* free it when the job is done */
    /* Of the preparation. */
    struct task prepare;
    char *dir; /* absolute */
    struct volumes volumes;
    struct placed_input *inputs;
    size_t inputs_n;
    const char *trouble; /* reason of what went wrong; NULL: nothing */
    char *trouble_text;
    size_t trouble_container; /* containers_n: the pod's */
    /* Of the end. */
    struct outputs_work outputs;
    int64_t queued_us, ready_us, started_us, ended_us, saved_us;
    int64_t cpu_us, memory_peak;
};

void procpod_enter(struct procpod *p, enum procpod_stage next);
const char *procpod_stage_name(const struct procpod *p);
void procpod_emit(struct procpod *p, struct runtime_event *event);
/* Frees at the next pass of the loop: callbacks may be on the stack. */
void procpod_free_later(struct procpod *p);
void procpod_free(struct procpod *p);

/* NULL with *e filled for a spec that the runner cannot take. */
struct procpod *procpod_new(struct process_runtime *r, struct plan *plan, struct err *e);
void procpod_stop(struct procpod *p, int64_t grace_us, const char *reason, const char *message);

/* The container whose end and outputs are the pod's. */
size_t procpod_first_main(const struct podspec *s);
bool procpod_is_main(const struct proc_container *c);
/* Its address in the pod network, once the runtime is ready; 0: it uses the machine's. */
uint32_t procpod_address(const struct procpod *p);
/* Where it is: its address, or the machine's. */
void procpod_ip(const struct procpod *p, char ret[INET_ADDRSTRLEN]);
/* What its containers are told of the machine; the address is in the pod's arena. */
struct source_machine procpod_machine(struct procpod *p);
/* procpod_queue.c */
/* Asks for a turn; or waits in vain, and says so. */
void procpod_queue(struct procpod *p);
/* Has its turn already: an earlier server gave it. */
void procpod_queue_adopted(struct procpod *p);
/* Takes what it will need of the machine besides: now it is known what can be had. */
void procpod_claim(struct procpod *p);
/* For what it waits, if it does. */
void procpod_tell_queued(struct procpod *p);
/* procpod_attempt.c */
void procpod_attempts_init(struct proc_container *c);
/* The directory of an attempt, which the caller frees. */
char *procpod_attempt_path(const struct proc_container *c, unsigned number);
/* Makes that directory if it is missing, and the attempt in it the container's. */
int procpod_open_attempt(struct proc_container *c, unsigned number, struct err *e);
/* It cannot run: told from the loop, as kubelet tells it. */
void procpod_fail_launch(struct proc_container *c, int code, const char *reason,
                         const char *message);
/* Asks each recorded attempt what became of it. */
void procpod_adopt(struct procpod *p);
/* One more of what was asked while adopting is known; after the last the pod goes on. */
void procpod_known(struct procpod *p);
/* procpod_spec.c */
/* Runs the attempt that was opened for the container. */
void procpod_spawn(struct proc_container *c, int holder_dir);
/* Names and tokens of the newer plan take the place of the old ones. */
void procpod_refresh(struct procpod *p, const struct plan *newer);
/* procpod_exec.c */
/* Runs a command in a container that runs; the handler is told its output and its end. */
int procpod_exec(struct proc_container *c, const struct runtime_exec_spec *spec,
                 const struct runtime_exec_handler *handler, void *arg, struct err *e);
/* procpod_hold.c */
void procpod_hold_init(struct procpod *p);
/* Lets the container run, as soon as what it shares with others is there. */
void procpod_hold_launch(struct proc_container *c);
/* procpod_prepare.c */
void procpod_prepare(struct procpod *p);
/* procpod_end.c */
void procpod_save(struct procpod *p);
/* Outputs are saved and nothing of the pod runs any more: tells so. */
void procpod_end(struct procpod *p);
/* In Kubernetes' words; the texts are in the arena.  `dir` is the attempt's: the end of its log
 * stands for the message that a failed container did not leave, where it asks for that. */
struct runtime_exit procpod_exit(const struct podspec_container *c, const struct box_exit *x,
                                 int dir, int64_t now_us, struct arena *a);
/* procpod_layers.c; for job threads.  `dir` is the pod's folder. */
void procpod_remove_layers(const char *dir, struct err *e);
/* Of each log only the beginning stays, and a line that says so. */
void procpod_shorten_logs(const char *dir, struct err *e);
/* procpod_probe.c */
void procpod_probes_init(struct proc_container *c);
void procpod_probe(struct proc_container *c, enum life_probe which,
                   const struct podspec_probe *probe);
/* Gives up what is being asked. */
void procpod_probes_stop(struct proc_container *c);

#endif
