/*
 * What this machine can and cannot isolate, and what follows for steps.
 *
 * Nothing is guessed: the spawner is started as `sluice run` starts it, in a directory on the disk
 * where data is kept, and says what it tried.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/podpython.h"
#include "cli/settings.h"
#include "control/idrange.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/interpreter.h"
#include "runner/process/spawner.h"
#include "sandbox/level.h"
#include "sandbox/probe.h"

struct doctor {
    struct cli *cli;
    struct loop *loop;
    char directory[PATH_MAX]; /* where is probed; removed at the end */
    int code;
};

static const char *const level_means[] = {
    [LEVEL_NONE] =
        "Steps are plain child processes with a directory and limits of their own: they\n"
        "  can read what you can read. Run only what you would run yourself.",
    [LEVEL_USER] =
        "Steps have files, processes and names of their own, and see of this machine only\n"
        "  its programs; outside they are an ordinary user who owns nothing that they see.",
    [LEVEL_FULL] =
        "Steps have users, files, processes and limits of their own, and see of this machine\n"
        "  only its programs; root inside is nobody outside.",
};

static void
print_finding(const struct doctor *d, const struct probe_finding *f)
{
    bool on = d->cli->out_color;

    fprintf(d->cli->out, "  %s%s%s %-10s %s\n",
            color_code(on, f->have ? COLOR_GREEN : COLOR_YELLOW), f->have ? "yes" : "no ",
            color_code(on, COLOR_PLAIN), f->name, f->text);
}

/* Why it is not the next better level, in the words of the probe. */
static void
print_obstacle(const struct doctor *d, const struct boxmsg_ready *ready)
{
    cleanup_free struct probe *p = NEW(struct probe);
    char why[PROBE_TEXT];

    p->root = getuid() == 0;
    for (size_t i = 0; i < ready->findings_n; i++)
        for (int id = 0; id < PROBE_COUNT; id++)
            if (str_is(str_of(ready->findings[i].name), probe_name((enum probe_id)id))) {
                p->have[id] = ready->findings[i].have;
                snprintf(p->text[id], sizeof p->text[id], "%s", ready->findings[i].text);
            }
    probe_best(p, why);
    if (why[0] != '\0')
        fprintf(d->cli->out, "  %s\n", why);
}

static void
print_limits(const struct doctor *d, const struct boxmsg_ready *ready)
{
    const struct {
        bool is;
        const char *what;
    } limits[] = {{ready->limits_memory, "memory"},
                  {ready->limits_pids, "the number of processes"},
                  {ready->limits_cpu, "processor time"}};

    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        fprintf(d->cli->out, "  %s %s\n",
                limits[i].is ? "Enforced by a control group:" : "Not enforced:", limits[i].what);
}

static void
on_ready(void *arg, const struct boxmsg_ready *ready)
{
    struct doctor *d = arg;
    bool on = d->cli->out_color;

    d->code = ready->code;
    loop_stop(d->loop);
    if (ready->code < 0) {
        struct err e = ERR_INIT;

        err_set(&e, ready->code, "%s", ready->text);
        cli_fail(d->cli, &e);
    } else {
        fprintf(d->cli->out, "\n%sIsolation: %s%s\n  %s\n", color_code(on, COLOR_BOLD),
                level_name((enum level)ready->level), color_code(on, COLOR_PLAIN),
                level_means[ready->level]);
        print_obstacle(d, ready);
        fprintf(d->cli->out, "\n%sLimits%s\n", color_code(on, COLOR_BOLD),
                color_code(on, COLOR_PLAIN));
        print_limits(d, ready);
        fprintf(d->cli->out, "\n%sWhat was tried%s\n", color_code(on, COLOR_BOLD),
                color_code(on, COLOR_PLAIN));
    }
    for (size_t i = 0; i < ready->findings_n; i++)
        print_finding(d, &ready->findings[i]);
}

/* A directory on the disk that counts: in the data directory if there is one. */
static int
make_directory(struct doctor *d, struct err *e)
{
    const char *data = d->cli->settings->data;
    const char *under = access(data, W_OK | X_OK) == 0 ? data : "/tmp";

    snprintf(d->directory, sizeof d->directory, "%s/doctor-XXXXXX", under);
    if (mkdtemp(d->directory) == NULL)
        return err_errno(e, "make a directory in %s", under);
    return 0;
}

static enum level
level_wanted(const struct settings *s)
{
    static const enum level levels[] = {
        [SETTINGS_AUTO] = LEVEL_BEST,
        [SETTINGS_FULL] = LEVEL_FULL,
        [SETTINGS_USER] = LEVEL_USER,
        [SETTINGS_NONE] = LEVEL_NONE,
    };

    return levels[s->isolation];
}

static int
probe_machine(struct doctor *d, struct err *e)
{
    cleanup_free char *init = cli_init_path(e);
    struct spawner_config config = {.init_path = init,
                                    .data_dir = d->directory,
                                    .level = level_wanted(d->cli->settings),
                                    .id_base = getuid() == 0 ? IDRANGE_PROBE : 0,
                                    .die_with_server = true};
    struct spawner *s;

    if (init == NULL)
        return e->code;
    s = spawner_new(d->loop, &config, on_ready, d, e);
    if (s == NULL)
        return e->code;
    loop_run(d->loop);
    spawner_free(s);
    return 0;
}

static void
print_machine(const struct doctor *d)
{
    struct utsname u = {.sysname = "?"};
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    uname(&u);
    fprintf(d->cli->out, "%s %s on %s, %ld processors, %.1f GB of memory, as %s\n", u.sysname,
            u.release, u.machine, sysconf(_SC_NPROCESSORS_ONLN), (double)pages * (double)page / 1e9,
            getuid() == 0 ? "root" : "an ordinary user");
}

/* The newest first. */
static int
compare_versions(const void *a, const void *b)
{
    const struct interpreter *x = a, *y = b;

    return x->major != y->major ? y->major - x->major : y->minor - x->minor;
}

static void
print_python(const struct doctor *d)
{
    interpreters all = VEC_INIT;
    bool on = d->cli->out_color;

    interpreter_find_all(&all);
    if (all.n > 0)
        qsort(all.at, all.n, sizeof all.at[0], compare_versions);
    fprintf(d->cli->out, "\n%sPython%s\n", color_code(on, COLOR_BOLD), color_code(on, COLOR_PLAIN));
    for (size_t i = 0; i < all.n; i++)
        fprintf(d->cli->out, "  %d.%d at %s\n", all.at[i].major, all.at[i].minor, all.at[i].path);
    if (all.n == 0)
        fprintf(d->cli->out, "  None: images such as python:3.11 cannot be had.\n");
    interpreter_done(&all);
}

/* What pip in a step is told by this machine. */
static void
print_pip(const struct doctor *d)
{
    cleanup_podpython struct podpython p = {.read = VEC_INIT};
    struct err e = ERR_INIT;

    if (podpython_load(d->cli->settings, (const char *const *)environ, &p, &e) < 0) {
        fprintf(d->cli->out, "  Steps cannot have pip's settings: %s\n", e.msg);
        return;
    }
    for (size_t i = 0; i < p.read.n; i++)
        fprintf(d->cli->out, "  pip's settings are read from %s\n", p.read.at[i]);
    if (p.variables.at[0] != NULL)
        fprintf(d->cli->out, "  Steps get these variables:\n");
    for (size_t i = 0; p.variables.at[i] != NULL; i++) {
        cleanup_buf struct buf text = BUF_INIT;

        podpython_show(p.variables.at[i], &text);
        fprintf(d->cli->out, "    %s\n", buf_cstring(&text));
    }
    for (size_t i = 0; p.files.at[i] != NULL; i++)
        fprintf(d->cli->out, "  Steps see %s, since a variable names it\n", p.files.at[i]);
}

static void
print_places(const struct doctor *d)
{
    const struct settings *s = d->cli->settings;
    struct statvfs disk;
    bool on = d->cli->out_color;

    fprintf(d->cli->out, "\n%sPlaces%s\n  data: %s", color_code(on, COLOR_BOLD),
            color_code(on, COLOR_PLAIN), s->data);
    if (statvfs(s->data, &disk) == 0)
        fprintf(d->cli->out, " (%.1f GB free)\n",
                (double)disk.f_bavail * (double)disk.f_frsize / 1e9);
    else
        fprintf(d->cli->out, " (not there yet)\n");
    fprintf(d->cli->out, "  settings: %s\n", s->file != NULL ? s->file : "no file, the defaults");
}

static int
doctor_run(struct cli *c)
{
    struct err e = ERR_INIT, ignored = ERR_INIT;
    cleanup_loop struct loop *loop = loop_new(&e);
    struct doctor d = {.cli = c, .loop = loop};

    if (loop == NULL)
        return cli_fail(c, &e);
    if (make_directory(&d, &e) < 0)
        return cli_fail(c, &e);
    print_machine(&d);
    if (probe_machine(&d, &e) < 0) {
        file_remove_tree(AT_FDCWD, d.directory, &ignored);
        return cli_fail(c, &e);
    }
    file_remove_tree(AT_FDCWD, d.directory, &ignored);
    print_python(&d);
    print_pip(&d);
    print_places(&d);
    return d.code < 0 ? CLI_FAILED : CLI_OK;
}

const struct cli_command doctor_command = {
    .name = "doctor",
    .help = "say what this machine can and cannot isolate, and what follows",
    .details = "With --isolation LEVEL it says whether that level is to be had.",
    .settings = true,
    .run = doctor_run,
};
