/*
 * `sluice run`: workflows from files, in one process, without a server.
 *
 *   STARTING -- objects created -----------------> RUNNING
 *   RUNNING  -- every workflow is over ----------> done, exit code by their phases
 *   RUNNING  -- SIGINT or SIGTERM ---------------> stopping (run_stop.h), exit code 1
 *
 * With --data everything is kept there; a killed process leaves its pods running, and --resume goes
 * on.  Without, a temporary directory serves: its pods die with this process, and it goes right
 * after it unless --keep: the spawner removes it, so that nobody has to wait, and even if this
 * process is killed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/assembly.h"
#include "cli/cli.h"
#include "cli/lint.h"
#include "cli/manifest.h"
#include "cli/option.h"
#include "cli/run_load.h"
#include "cli/run_log.h"
#include "cli/run_place.h"
#include "cli/run_set.h"
#include "cli/run_stop.h"
#include "cli/run_view.h"
#include "cli/settings.h"
#include "core/core.h"
#include "core/message.h"
#include "data/json.h"
#include "io/loop.h"
#include "io/signals.h"

struct run {
    struct cli *cli;
    struct loop *loop;
    struct assembly *assembly;
    struct signals *signals;
    struct run_stop stop;
    struct run_view view;
    struct run_log *log; /* NULL unless --log */
    struct run_load load;
    struct run_set set;
    struct message apply;
    struct err failed; /* code 0: nothing */
    enum run_form form;
    struct run_place place;
    bool finding; /* with --resume: what is left is not known yet, and may end meanwhile */
    struct task found;
};

static const struct option run_flags[] = {
    RUN_LOAD_OPTIONS,
    {.name = "output",
     .letter = 'o',
     .argument = "FORM",
     .help = "print the result as tree, json, yaml or name",
     .choices = run_form_names},
    {.name = "log", .help = "print the logs of all steps as they come"},
    {.name = "resume", .help = "go on with what a killed process left in --data"},
    {.name = "keep", .help = "keep the temporary data directory and say where it is"},
    OPTION_END};

/* Objects. */

static int
apply(struct message *m, struct turn *t, struct err *e)
{
    struct run *r = CONTAINER_OF(m, struct run, apply);

    return run_set_create(&r->set, assembly_objects(r->assembly), t, &r->load, e);
}

static int
find_left(struct message *m, struct turn *t, struct err *e)
{
    struct run *r = CONTAINER_OF(m, struct run, apply);

    return run_set_find_left(&r->set, assembly_objects(r->assembly), t, e);
}

/* After the turn in which they were found: what ended in that turn has been told, too. */
static void
on_found(void *arg)
{
    struct run *r = arg;

    r->finding = false;
    if (run_set_is_over(&r->set))
        loop_stop(r->loop);
}

static void
applied(struct message *m, const struct err *why)
{
    struct run *r = CONTAINER_OF(m, struct run, apply);

    if (why == NULL) {
        task_post(&r->found);
        return;
    }
    r->failed = *why;
    loop_stop(r->loop);
}

static void
on_workflow(struct run *r, const struct object *o, bool gone)
{
    struct run_workflow *w = run_set_find(&r->set, object_uid(o));
    struct str phase = json_str(object_at(o, "status.phase"));

    if (w == NULL && r->finding && !gone)
        w = run_set_add(&r->set, o);
    if (w == NULL)
        return;
    w->good = str_is(phase, "Succeeded");
    w->over = gone || (object_is_finished(o) && phase.n != 0);
    if (r->assembly != NULL) /* else it is being opened, and there is no view yet */
        run_view_changed(&r->view, object_uid(o));
    if (!r->finding && run_set_is_over(&r->set))
        loop_stop(r->loop);
}

static void
on_object(void *arg, const struct object *now, bool gone)
{
    struct run *r = arg;

    if (object_kind(now) == &kind_workflow) {
        on_workflow(r, now, gone);
    } else if (object_kind(now) == &kind_pod) {
        struct str owner = object_controller_uid(now);

        if (run_set_find(&r->set, owner) == NULL)
            return;
        run_view_changed(&r->view, owner);
        if (r->log != NULL)
            run_log_pod(r->log, now);
    }
}

/* Stopping. */

/* What is there stays, and with a data directory of its own goes on. */
static void
give_up(void *arg, const char *why)
{
    struct run *r = arg;

    if (r->place.temporary)
        err_set(&r->failed, ERR_UNAVAILABLE, "given up before the end was recorded: %s", why);
    else
        err_set(
            &r->failed, ERR_UNAVAILABLE,
            "given up before the end was recorded: %s; what runs goes on, and --resume takes up "
            "what is in '%s'",
            why, r->place.data);
    loop_stop(r->loop);
}

static void
on_signal(void *arg, int sig)
{
    struct run *r = arg;
    cleanup_free const char **uids = NEW_ARRAY(const char *, r->set.workflows.n);

    (void)sig;
    for (size_t i = 0; i < r->set.workflows.n; i++)
        uids[i] = r->set.workflows.at[i].uid;
    run_stop_interrupt(&r->stop, uids, r->set.workflows.n);
}

/* Setting up and taking down. */

static void
on_level(void *arg, const char *level, const char *why)
{
    struct run *r = arg;

    if (strcmp(level, "none") == 0)
        log_warn("run", "steps are not isolated from this machine: %s", why);
    (void)r;
}

static void
on_no_runtime(void *arg, const struct err *why)
{
    struct run *r = arg;

    r->failed = *why;
    loop_stop(r->loop);
}

static int
open_all(struct run *r, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, 0};
    struct assembly_config config = {.loop = r->loop,
                                     .settings = r->cli->settings,
                                     .data = r->place.data,
                                     .envs = r->place.envs,
                                     .recall = r->place.recall,
                                     .die_with_server = r->place.temporary,
                                     .temporary = r->place.temporary && !r->place.keep,
                                     .on_level = on_level,
                                     .on_no_runtime = on_no_runtime,
                                     .on_object = on_object,
                                     .arg = r};

    r->finding = option_switch(r->cli->options, "resume", false);
    if (assembly_open(&config, &r->assembly, e) < 0)
        return e->code;
    r->stop.core = assembly_core(r->assembly);
    r->stop.objects = assembly_objects(r->assembly);
    r->stop.err = r->cli->err;
    r->stop.on_give_up = give_up;
    r->stop.arg = r;
    run_view_init(&r->view, r->cli, r->loop, r->assembly);
    if (option_switch(r->cli->options, "log", false))
        r->log = run_log_new(r->loop, r->place.data, &r->view);
    r->signals = signals_watch(r->loop, signals, on_signal, r, e);
    return r->signals != NULL ? 0 : e->code;
}

static void
close_all(struct run *r)
{
    bool left = r->place.temporary && !r->place.keep && assembly_leave(r->assembly);

    run_stop_done(&r->stop);
    task_cancel(&r->found);
    signals_free(r->signals);
    run_log_free(r->log);
    if (r->assembly != NULL)
        run_view_done(&r->view);
    assembly_close(r->assembly);
    run_set_done(&r->set);
    run_load_done(&r->load);
    run_place_leave(&r->place, r->cli, left);
}

static int
print_results(struct run *r, struct err *e)
{
    int code = CLI_OK;

    if (r->log != NULL)
        run_log_drain(r->log);
    for (size_t i = 0; i < r->set.workflows.n; i++) {
        if (run_view_finish(&r->view, r->set.workflows.at[i].uid, r->form, e) < 0)
            return e->code;
        if (!r->set.workflows.at[i].good)
            code = CLI_FAILED;
    }
    return code;
}

static int
go(struct run *r, struct err *e)
{
    bool resume = option_switch(r->cli->options, "resume", false);
    int code;

    r->apply = (struct message){.class = MESSAGE_REQUEST,
                                .run = resume ? find_left : apply,
                                .done = applied,
                                .name = "create"};
    list_init(&r->apply.link);
    if (core_post(assembly_core(r->assembly), &r->apply, e) < 0)
        return cli_fail(r->cli, e);
    loop_run(r->loop);
    if (r->failed.code != 0)
        return cli_fail(r->cli, &r->failed);
    if (r->set.workflows.n == 0)
        fprintf(r->cli->err, "nothing is left to be run in %s\n", r->place.data);
    code = print_results(r, e);
    return code < 0 ? cli_fail(r->cli, e) : code;
}

/* Files. */

/* All problems of all files at once, as `sluice lint` tells them. */
static int
check_files(struct run *r, struct manifest *m)
{
    cleanup_json struct json_doc *given = run_load_arguments(&r->load);
    struct lint_options options = {.strict = true, .given = json_root(given)};

    return lint_submission(m, &options, r->cli->err);
}

static int
read_files(struct run *r, struct err *e)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct cli *c = r->cli;
    int rc;

    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        if (manifest_read(&m, option_operand(c->options, i), e) < 0)
            return cli_fail(c, e);
    }
    rc = run_load_parameters(&r->load, c->options, e);
    if (rc == ERR_BADREQUEST) {
        cli_fail(c, e);
        return CLI_USAGE;
    }
    if (rc < 0)
        return cli_fail(c, e);
    if (check_files(r, &m) != CLI_OK)
        return CLI_FAILED;
    return run_load(&r->load, c->options, &m, e) < 0 ? cli_fail(c, e) : CLI_OK;
}

static int
check_usage(struct run *r)
{
    const char *form = option_value(r->cli->options, "output");
    bool resume = option_switch(r->cli->options, "resume", false);
    bool files = option_operand_count(r->cli->options) != 0;
    struct err e = ERR_INIT;

    if (form != NULL && !run_form_from_name(form, &r->form))
        err_set(&e, ERR_BADREQUEST, "-o '%s': expected tree, json, yaml or name", form);
    else if (resume && !option_given(r->cli->options, "data"))
        err_set(&e, ERR_BADREQUEST, "--resume needs --data, the directory to go on with");
    else if (resume && files)
        err_set(&e, ERR_BADREQUEST, "--resume takes no files: it goes on with what is stored");
    else if (!resume && !files)
        err_set(&e, ERR_BADREQUEST, "expected FILE...");
    if (e.code == 0)
        return CLI_OK;
    cli_fail(r->cli, &e);
    return CLI_USAGE;
}

static int
run_run(struct cli *c)
{
    struct run r = {.cli = c};
    struct err e = ERR_INIT;
    int code = check_usage(&r);

    if (code == CLI_OK && option_operand_count(c->options) != 0)
        code = read_files(&r, &e);
    if (code != CLI_OK) {
        run_load_done(&r.load);
        return code;
    }
    r.loop = loop_new(&e);
    if (r.loop == NULL)
        return cli_fail(c, &e);
    run_stop_init(&r.stop, r.loop);
    task_init(&r.found, r.loop, on_found, &r);
    if (run_place_choose(&r.place, c, &e) < 0 || open_all(&r, &e) < 0)
        code = cli_fail(c, &e);
    else
        code = go(&r, &e);
    close_all(&r);
    loop_free(r.loop);
    return code;
}

const struct cli_command run_command = {
    .name = "run",
    .arguments = "FILE...",
    .help = "run workflows from files, without a server",
    .details =
        "Files may hold Workflows and whatever they need: WorkflowTemplates, ConfigMaps,\n"
        "Secrets, PersistentVolumeClaims.  The exit code is 0 if every workflow succeeded.\n"
        "\n"
        "With --data everything is kept in that directory, and --resume goes on with what a\n"
        "killed process left.  Without, a temporary directory serves.",
    .options = run_flags,
    .min_operands = 0,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = run_run,
};
