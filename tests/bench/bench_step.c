/*
 * bench_step - steps of workflows, whole, against the floor.
 *
 * The platform as `sluice run --data` has it, in this process: a Workflow object is created, its
 * steps run at level full, its end is committed.  The floor is one bare isolated process and two
 * durable appends for each step (tests/bench/floor.h), with as many at a time as the runtime
 * starts at a time.
 *
 *   one step    a Workflow of one container: from the request to the committed end
 *   sluice run  the same by the program, in a temporary directory: from its start to its exit
 *   fan-out     a loop of 1,000 such containers
 *   chain       1,000 steps one after another: does the 1,000th cost what the 10th did?
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/assembly.h"
#include "cli/settings.h"
#include "core/core.h"
#include "core/message.h"
#include "data/json.h"
#include "io/file.h"
#include "io/loop.h"
#include "sandbox/droptree.h"
#include "tests/bench/floor.h"
#include "tests/bench/run_pair.h"

enum {
    ROUNDS = 300,
    RUN_ROUNDS = 60,
    FAN = 1000,
    FAN_ROUNDS = 3,
    CHAIN = 1000,
    CHAIN_ROUNDS = 3,
    WINDOW = 19
};

struct bench {
    char dir[64];
    char *data, *program, *file;
    struct floor *floor;
    struct loop *loop;
    struct settings *settings;
    struct assembly *assembly;
    struct message create;
    struct json_doc *workflow;
    bool over;
    double ended_us[CHAIN + 1]; /* when each pod's end was committed */
    size_t ended;
};

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
must(int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_step: %s\n", e->msg);
    exit(1);
}

static struct json_doc *
parse(struct str text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    must(json_parse(text, &json_limits_default, &d, &e), &e);
    return d;
}

#define HEAD \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\"," \
    "\"metadata\":{\"generateName\":\"bench-\"},\"spec\":{\"entrypoint\":\"main\",\"templates\":["
#define ZERO "\"container\":{\"image\":\"busybox\",\"command\":[\"/bin/true\"]}}"

static struct json_doc *
one_step(void)
{
    return parse(STR(HEAD "{\"name\":\"main\"," ZERO "]}}"));
}

static struct json_doc *
fan_out(void)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_printf(&b,
               HEAD "{\"name\":\"zero\"," ZERO ",{\"name\":\"main\",\"steps\":[[{\"name\":\"z\","
                    "\"template\":\"zero\",\"withSequence\":{\"count\":\"%d\"}}]]}]}}",
               FAN);
    return parse(buf_view(&b));
}

static struct json_doc *
chain(void)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_printf(&b, HEAD "{\"name\":\"zero\"," ZERO ",{\"name\":\"main\",\"steps\":[");
    for (int i = 1; i <= CHAIN; i++)
        buf_printf(&b, "%s[{\"name\":\"z%d\",\"template\":\"zero\"}]", i > 1 ? "," : "", i);
    buf_printf(&b, "]}]}}");
    return parse(buf_view(&b));
}

/* Running a workflow. */

static int
create(struct message *m, struct turn *t, struct err *e)
{
    struct bench *b = CONTAINER_OF(m, struct bench, create);

    return objects_create(assembly_objects(b->assembly), t, &kind_workflow, STR("default"),
                          json_root(b->workflow), NULL, e);
}

static void
created(struct message *m, const struct err *why)
{
    (void)m;
    must(why != NULL ? -1 : 0, why);
}

static void
on_object(void *arg, const struct object *now, bool gone)
{
    struct bench *b = arg;

    bool pod = object_kind(now) == &kind_pod, workflow = object_kind(now) == &kind_workflow;

    if (gone || (!pod && !workflow) || !object_is_finished(now))
        return;
    if (!str_is(json_str(object_at(now, "status.phase")), "Succeeded")) {
        cleanup_buf struct buf text = BUF_INIT;

        object_write(&text, now);
        fprintf(stderr, "bench_step: did not succeed: %s\n", buf_cstring(&text));
        exit(1);
    }
    if (pod && b->ended <= CHAIN)
        b->ended_us[b->ended++] = now_us();
    if (workflow) {
        b->over = true;
        loop_stop(b->loop);
    }
}

static void
run(struct bench *b)
{
    struct err e = ERR_INIT;

    b->create = (struct message){
        .class = MESSAGE_REQUEST, .run = create, .done = created, .name = "create"};
    list_init(&b->create.link);
    b->over = false;
    b->ended = 0;
    must(core_post(assembly_core(b->assembly), &b->create, &e), &e);
    while (!b->over)
        loop_run(b->loop);
}

/* What is measured. */

static void
floor_once(void *arg)
{
    floor_step(((struct bench *)arg)->floor);
}

static void
step_once(void *arg)
{
    run(arg);
}

static void
measure_step(struct bench *b)
{
    struct run_pair p;

    b->workflow = one_step();
    p = run_pair_measure(ROUNDS, floor_once, step_once, b);
    run_pair_print(&p, "durable isolated step", "<= 1.3",
                   "isolated spawn and two 8 KB append and fdatasync");
    run_pair_done(&p);
    json_doc_unref(b->workflow);
}

/* The program, as somebody at a shell would start it. */
static void
program_once(void *arg)
{
    struct bench *b = arg;
    char run[] = "run", output[] = "-o", name[] = "name";
    char *argv[] = {b->program, run, b->file, output, name, NULL};
    posix_spawn_file_actions_t quiet;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, b->program, &quiet, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "bench_step: %s run failed\n", b->program);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&quiet);
}

static void
measure_program(struct bench *b)
{
    struct json_doc *workflow = one_step();
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    struct run_pair p;
    double floor_us, us;

    json_write(&text, json_root(workflow));
    must(file_write(AT_FDCWD, b->file, buf_view(&text), 0600, &e), &e);
    p = run_pair_measure(RUN_ROUNDS, floor_once, program_once, b);
    floor_us = run_pair_quantile(p.floor_us, p.n, 0.5);
    us = run_pair_quantile(p.subject_us, p.n, 0.5);
    printf("{\"name\": \"sluice run of one step, above the floor\", \"value\": %.4f, "
           "\"unit\": \"ms\", \"target\": \"<= 10\", \"against\": \"the floor of one "
           "step\", \"raw\": {\"p50_us\": %.1f, \"p99_us\": %.1f, \"floor_p50_us\": %.1f, "
           "\"floor_p99_us\": %.1f, \"rounds\": %zu}}\n",
           (us - floor_us) / 1000, us, run_pair_quantile(p.subject_us, p.n, 0.99), floor_us,
           run_pair_quantile(p.floor_us, p.n, 0.99), p.n);
    fflush(stdout);
    run_pair_done(&p);
    json_doc_unref(workflow);
}

static void
measure_fan_out(struct bench *b)
{
    double floor_us = 0, us = 0, start;

    b->workflow = fan_out();
    for (int i = 0; i < FAN_ROUNDS; i++) {
        start = now_us();
        floor_steps(b->floor, FAN);
        floor_us += now_us() - start;
        start = now_us();
        run(b);
        us += now_us() - start;
    }
    printf(
        "{\"name\": \"fan-out of %d steps\", \"value\": %.4f, \"unit\": \"of the floor's rate\", "
        "\"target\": \">= 0.6\", \"against\": \"the floor's rate with the same concurrency\", "
        "\"raw\": {\"per_second\": %.0f, \"floor_per_second\": %.0f, \"rounds\": %d}}\n",
        FAN, floor_us / us, FAN * FAN_ROUNDS * 1e6 / us, FAN * FAN_ROUNDS * 1e6 / floor_us,
        FAN_ROUNDS);
    fflush(stdout);
    json_doc_unref(b->workflow);
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The times of WINDOW steps that end with step `last`. */
static void
take_window(const struct bench *b, size_t last, double *to)
{
    for (size_t i = 0; i < WINDOW; i++)
        to[i] = b->ended_us[last - i - 1] - b->ended_us[last - i - 2];
}

static void
measure_chain(struct bench *b)
{
    static double early[WINDOW * CHAIN_ROUNDS], late[WINDOW * CHAIN_ROUNDS];
    double tenth, last;

    b->workflow = chain();
    for (size_t i = 0; i < CHAIN_ROUNDS; i++) {
        run(b);
        take_window(b, WINDOW + 1, early + i * WINDOW);
        take_window(b, CHAIN, late + i * WINDOW);
    }
    qsort(early, ARRAY_LEN(early), sizeof early[0], compare);
    qsort(late, ARRAY_LEN(late), sizeof late[0], compare);
    tenth = run_pair_quantile(early, ARRAY_LEN(early), 0.5);
    last = run_pair_quantile(late, ARRAY_LEN(late), 0.5);
    printf("{\"name\": \"chain of %d: last step against the 10th\", \"value\": %.4f, "
           "\"unit\": \"x\", \"target\": \"<= 1.1\", \"against\": \"medians of the %d steps around "
           "the 10th, and of the last %d, in %d chains\", \"raw\": {\"early_us\": %.1f, "
           "\"late_us\": %.1f}}\n",
           CHAIN, last / tenth, WINDOW, WINDOW, CHAIN_ROUNDS, tenth, last);
    fflush(stdout);
    json_doc_unref(b->workflow);
}

/* Setting up. */

static void
open_all(struct bench *b)
{
    const char *build = getenv("SLUICE_BUILD");
    cleanup_free char *init = NULL, *below = NULL;
    cleanup_free char *here = realpath(build != NULL ? build : "build/plain", NULL);
    struct settings_input none = {.system_directory = "/nonexistent"};
    struct assembly_config config = {.on_object = on_object, .arg = b, .die_with_server = true};
    struct err e = ERR_INIT;

    snprintf(b->dir, sizeof b->dir, "/var/tmp/bench-step-XXXXXX");
    if (here == NULL || mkdtemp(b->dir) == NULL)
        must(err_errno(&e, "bench directories"), &e);
    below = xasprintf("%s/floor", b->dir);
    b->program = xasprintf("%s/sluice", here);
    b->file = xasprintf("%s/one.json", b->dir);
    b->data = xasprintf("%s/data", b->dir);
    init = xasprintf("%s/sluice-init", here);
    (void)unsetenv("SLUICE_ROOT"); /* sluice takes such names for its settings */
    (void)unsetenv("SLUICE_BUILD");
    b->floor = floor_new(below, 2 * (size_t)sysconf(_SC_NPROCESSORS_ONLN));
    b->loop = loop_new(&e);
    must(b->loop != NULL ? 0 : -1, &e);
    must(settings_load(&none, &b->settings, &e), &e);
    config.loop = b->loop;
    config.settings = b->settings;
    config.data = b->data;
    config.init = init;
    must(assembly_open(&config, &b->assembly, &e), &e);
}

static void
close_all(struct bench *b)
{
    assembly_close(b->assembly);
    settings_free(b->settings);
    loop_free(b->loop);
    floor_free(b->floor);
    free(b->data);
    free(b->program);
    free(b->file);
    (void)droptree(b->dir);
}

int
main(int argc, char **argv)
{
    static struct bench b;
    const char *only = argc > 1 ? argv[1] : "";

    if (geteuid() != 0) {
        puts("bench_step needs root");
        return 0;
    }
    open_all(&b);
    if (strcmp(only, "") == 0 || strcmp(only, "step") == 0)
        measure_step(&b);
    if (strcmp(only, "") == 0 || strcmp(only, "run") == 0)
        measure_program(&b);
    if (strcmp(only, "") == 0 || strcmp(only, "fan") == 0)
        measure_fan_out(&b);
    if (strcmp(only, "") == 0 || strcmp(only, "chain") == 0)
        measure_chain(&b);
    close_all(&b);
    return 0;
}
