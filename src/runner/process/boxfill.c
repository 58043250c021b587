#include "runner/process/boxfill.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/hosts.h"
#include "runner/outputs.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/process/boxfill_int.h"
#include "runner/process/usertasks.h"
#include "runner/runtime.h"
#include "runner/serviceenv.h"
#include "sandbox/boxspec.h"
#include "sandbox/capability.h"

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What container engines give: enough for a step's threads, and a fork bomb is over soon. */
enum { PIDS_LIMIT = 2048 };

static void
base_env(const struct boxfill *f, struct arena *a, env_vars *vars)
{
    bool root = f->container->security.user <= 0;

    if (f->pyenv != NULL) {
        env_set(vars, STR("PATH"), str_of(arena_printf(a, "%s/bin:" USUAL_PATH, f->pyenv->path)));
        env_set(vars, STR("VIRTUAL_ENV"), str_of(f->pyenv->path));
        env_set(vars, STR("PIP_ROOT_USER_ACTION"), STR("ignore"));
        env_set(vars, STR("PIP_DISABLE_PIP_VERSION_CHECK"), STR("1"));
        for (const char *const *p = f->python_env; p != NULL && *p != NULL; p++) {
            struct str value = str_of(*p), name = str_cut(&value, '=');

            env_set(vars, name, value);
        }
    } else {
        env_set(vars, STR("PATH"), STR(USUAL_PATH));
    }
    env_set(vars, STR("HOME"), root ? STR("/root") : STR("/"));
    env_set(vars, STR("LANG"), STR("C.UTF-8"));
    env_set(vars, STR("HOSTNAME"), f->spec->hostname);
}

/* What an image without a command of its own runs. */
static const char *
entry_point(const struct boxfill *f)
{
    return f->image->kind == IMAGE_PYTHON ? "python3" : "sh";
}

static size_t
add_words(const char **argv, size_t n, const char *const *words, size_t words_n)
{
    for (size_t i = 0; i < words_n; i++)
        argv[n + i] = words[i];
    return n + words_n;
}

/* A container's command takes the place of both of the image's, its args that of Cmd. */
static void
fill_command(const struct boxfill *f, const env_vars *vars, struct arena *a, struct boxspec *s)
{
    const struct imageconfig *image = f->image_config;
    size_t command_n, args_n, n = 0;
    const char **command =
        env_expand_list(vars, json_get(f->container->root, "command"), a, &command_n);
    const char **args = env_expand_list(vars, json_get(f->container->root, "args"), a, &args_n);
    const char **argv =
        ARENA_ARRAY(a, const char *, command_n + args_n + image->entrypoint_n + image->cmd_n + 2);

    if (command_n != 0)
        n = add_words(argv, n, command, command_n);
    else
        n = add_words(argv, n, image->entrypoint, image->entrypoint_n);
    if (args_n != 0)
        n = add_words(argv, n, args, args_n);
    else if (command_n == 0)
        n = add_words(argv, n, image->cmd, image->cmd_n);
    if (n == 0)
        argv[0] = entry_point(f);
    s->argv = argv;
}

static int
fill_ids(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    const struct podspec_security *sec = &f->container->security;
    const struct json *groups =
        json_at_path(f->spec->root, "spec.securityContext.supplementalGroups");
    uint32_t *list = ARENA_ARRAY(a, uint32_t, json_count(groups) + 1);

    s->uid = sec->user > 0 ? (uint32_t)sec->user : 0;
    s->gid = sec->group > 0 ? (uint32_t)sec->group : 0;
    if (sec->non_root && s->uid == 0)
        return err_set(e, ERR_INVALID,
                       "container has runAsNonRoot and image will run as root (pod: \"%s_%s(%s)\", "
                       "container: %.*s)",
                       f->plan->name, f->plan->namespace, f->plan->uid,
                       STR_ARG(f->container->name));
    JSON_EACH (it, groups) {
        int64_t group;

        if (json_int(it.value, &group) && group >= 0 && group < BOXSPEC_IDS)
            list[s->groups_n++] = (uint32_t)group;
    }
    if (f->spec->fs_group >= 0 && f->spec->fs_group < BOXSPEC_IDS)
        list[s->groups_n++] = (uint32_t)f->spec->fs_group;
    s->groups = list;
    return 0;
}

static int
fill_capabilities(const struct boxfill *f, struct boxspec *s, struct err *e)
{
    const struct podspec_security *sec = &f->container->security;
    uint64_t add = 0, drop = 0, mask, all = 0;

    (void)capability_from_name(STR("ALL"), &all);
    JSON_EACH (it, sec->add) {
        if (!capability_from_name(json_str(it.value), &mask))
            return err_set(e, ERR_INVALID, "capabilities.add: unknown capability '%.*s'",
                           STR_ARG(json_str(it.value)));
        add |= mask;
    }
    JSON_EACH (it, sec->drop) {
        if (!capability_from_name(json_str(it.value), &mask))
            return err_set(e, ERR_INVALID, "capabilities.drop: unknown capability '%.*s'",
                           STR_ARG(json_str(it.value)));
        drop |= mask;
    }
    s->capabilities = sec->privileged ? all : capability_usual();
    s->capabilities = ((s->capabilities & ~drop) | add) & ~capability_never();
    return 0;
}

static void
fill_outputs(const struct boxfill *f, struct arena *a, struct boxspec *s)
{
    const struct podio *io = f->spec->io;
    char name[16];

    s->outputs = ARENA_ARRAY(a, struct box_output, io->parameters_n + io->artifacts_n + 1);
    for (size_t i = 0; i < io->parameters_n; i++) {
        outputs_name('p', i, name);
        s->outputs[s->outputs_n++] =
            (struct box_output){.path = str_dup_arena(a, io->parameters[i].path),
                                .name = arena_strdup(a, name),
                                .max_bytes = OUTPUTS_PARAMETER_BYTES};
    }
    for (size_t i = 0; i < io->artifacts_n; i++) {
        outputs_name('a', i, name);
        s->outputs[s->outputs_n++] =
            (struct box_output){.path = str_dup_arena(a, io->artifacts[i].path),
                                .name = arena_strdup(a, name),
                                .max_bytes = ARCHIVE_MAX_BYTES};
    }
    s->outputs_max_bytes = ARCHIVE_MAX_BYTES;
    s->result_bytes = io->result ? BOXSPEC_RESULT_BYTES : 0;
}

/* Of a pod whose names do not change while it runs. */
static int
fill_files(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    struct str hosts;

    if (f->hosts != NULL)
        return 0;
    if (hosts_text(f->spec->root, NULL, a, &hosts, e) < 0)
        return e->code;
    if (hosts.p == NULL)
        return 0;
    if (f->level == LEVEL_NONE)
        return err_set(e, ERR_INVALID,
                       "spec.hostAliases: without isolation steps share the machine's /etc/hosts");
    s->files = ARENA_NEW(a, struct box_file);
    s->files[s->files_n++] = (struct box_file){"/etc/hosts", hosts, 0644};
    return 0;
}

/* Without isolation the path that the step was told is the machine's: it gets another. */
static int
fill_progress(const struct boxfill *f, env_vars *vars, struct arena *a, struct boxspec *s,
              struct err *e)
{
    struct str path = f->spec->io->progress;
    const char *folder = arena_printf(a, "%s/none", f->attempt_dir);

    if (path.p == NULL)
        return 0;
    s->progress_path = str_dup_arena(a, path);
    if (f->level != LEVEL_NONE)
        return 0;
    if (file_mkdirs(AT_FDCWD, folder, 0700, e) < 0)
        return e->code;
    s->progress_path = arena_printf(a, "%s/progress", folder);
    for (size_t i = 0; i < vars->n; i++) {
        if (str_eq(vars->at[i].value, path))
            vars->at[i].value = str_of(s->progress_path);
    }
    return 0;
}

static void
fill_limits(const struct boxfill *f, struct arena *a, struct boxspec *s)
{
    const struct podspec_resources *r = &f->container->resources;

    /* An ordinary user seldom has control groups.  Processes of a user namespace are counted apart
     * from those outside, so a resource limit does as well; without one all of the user's count. */
    if (f->level == LEVEL_USER || (f->level == LEVEL_NONE && geteuid() != 0)) {
        uint64_t limit = PIDS_LIMIT;

        if (f->level == LEVEL_NONE)
            limit += usertasks_count(geteuid());
        s->rlimits = ARENA_NEW(a, struct box_rlimit);
        s->rlimits[0] = (struct box_rlimit){RLIMIT_NPROC, limit, limit};
        s->rlimits_n = 1;
    }

    s->memory_bytes = (uint64_t)r->memory_limit;
    s->cpu_milli = (uint32_t)(r->cpu_limit < UINT32_MAX ? r->cpu_limit : UINT32_MAX);
    s->pids = PIDS_LIMIT;
    s->grace_us = f->spec->grace_us;
    s->deadline_us = f->deadline_us;
    s->log_bytes = (uint64_t)f->log_bytes;
}

static int
fill(const struct boxfill *f, env_vars *vars, struct arena *a, struct boxspec *s, struct err *e)
{
    if (f->main && fill_progress(f, vars, a, s, e) < 0)
        return e->code;
    fill_command(f, vars, a, s);
    s->env = env_block(vars, a);
    s->cwd = f->container->working_dir.n > 0 ? str_dup_arena(a, f->container->working_dir) : NULL;
    if (s->cwd != NULL && s->cwd[0] != '/')
        s->cwd = arena_printf(a, "/%s", s->cwd);
    s->tty = f->container->tty;
    s->stdin_open = f->container->stdin;
    s->read_only_root = f->container->security.read_only_root;
    s->message_path = str_dup_arena(a, f->container->termination_path);
    fill_limits(f, a, s);
    if (f->main)
        fill_outputs(f, a, s);
    if (fill_ids(f, a, s, e) < 0 || fill_capabilities(f, s, e) < 0 ||
        boxfill_mounts(f, vars, a, s, e) < 0 || fill_files(f, a, s, e) < 0)
        return e->code;
    return f->level == LEVEL_NONE ? boxfill_links(f, a, s, e) : 0;
}

int
boxfill_spec(const struct boxfill *f, struct arena *a, struct boxspec *ret, struct err *e)
{
    env_vars vars = VEC_INIT;
    int rc;

    boxspec_init(ret);
    ret->kind = BOX_ATTEMPT;
    ret->id = f->id;
    ret->level = (int)f->level;
    ret->id_base = f->plan->id_base;
    ret->hostname = str_dup_arena(a, f->spec->hostname);
    ret->die_with_server = f->die_with_server;
    ret->address = f->address;
    if (f->address != 0) {
        ret->loopback_ports = f->loopback_ports;
        ret->loopback_ports_n = f->loopback_ports_n;
    }
    base_env(f, a, &vars);
    serviceenv_add(f->plan, f->spec, f->address != 0, a, &vars);
    rc = env_build(f->plan, f->spec, f->container, f->machine, a, &vars, e);
    if (rc == 0)
        rc = fill(f, &vars, a, ret, e);
    vec_done(&vars);
    return rc;
}
