#include "runner/process/boxfill.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/env.h"
#include "runner/hosts.h"
#include "runner/outputs.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/process/usertasks.h"
#include "runner/runtime.h"
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

static struct box_mount *
add_mount(struct boxspec *s)
{
    return &s->mounts[s->mounts_n++];
}

/* A directory that stands in for an image: each of its top-level entries replaces the host's. */
static int
mount_directory(const struct boxfill *f, struct arena *a, struct boxspec *s, size_t room,
                struct err *e)
{
    static const char *const never[] = {".",   "..",  "proc", "sys",
                                        "dev", "tmp", "run",  IMAGECONFIG_FILE};
    DIR *d = opendir(f->image->target);
    struct stat st;

    if (d == NULL)
        return err_errno(e, "image directory '%s'", f->image->target);
    for (struct dirent *entry; (entry = readdir(d)) != NULL && room > 0;) {
        bool skip = fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                    (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode));

        for (size_t i = 0; i < ARRAY_LEN(never); i++)
            skip = skip || strcmp(entry->d_name, never[i]) == 0;
        if (skip)
            continue;
        *add_mount(s) =
            (struct box_mount){.kind = S_ISDIR(st.st_mode) ? BOX_OVERLAY : BOX_BIND,
                               .source = arena_printf(a, "%s/%s", f->image->target, entry->d_name),
                               .target = arena_printf(a, "/%s", entry->d_name),
                               .read_only = !S_ISDIR(st.st_mode)};
        room--;
    }
    closedir(d);
    return 0;
}

/* The interpreter's tree where every step would not see it anyway. */
static bool
is_shared_already(const char *prefix)
{
    return strcmp(prefix, "/usr") == 0 || strcmp(prefix, "/") == 0 || *prefix == '\0' ||
           str_starts(str_of(prefix), STR("/usr/")) || str_starts(str_of(prefix), STR("/opt/"));
}

static void
mount_pyenv(const struct boxfill *f, struct boxspec *s)
{
    if (!is_shared_already(f->pyenv->prefix))
        *add_mount(s) = (struct box_mount){.kind = BOX_BIND,
                                           .source = f->pyenv->prefix,
                                           .target = f->pyenv->prefix,
                                           .read_only = true};
    *add_mount(s) =
        (struct box_mount){.kind = BOX_OVERLAY, .source = f->pyenv->path, .target = f->pyenv->path};
    for (const char *const *file = f->python_files; file != NULL && *file != NULL; file++)
        *add_mount(s) = (struct box_mount){
            .kind = BOX_BIND, .source = *file, .target = *file, .read_only = true};
}

static size_t
count_words(const char *const *words)
{
    size_t n = 0;

    while (words != NULL && words[n] != NULL)
        n++;
    return n;
}

static int
mount_volume(const struct boxfill *f, const struct podspec_mount *m, const env_vars *vars,
             struct arena *a, struct boxspec *s, struct err *e)
{
    const struct volume *v = volumes_find(f->volumes, m->volume);
    struct str sub = m->sub_path;

    if (m->sub_path_expr.n > 0)
        sub = str_of(env_expand(vars, m->sub_path_expr, a));
    if (sub.n > 0 && !file_is_plain_path(sub))
        return err_set(e, ERR_INVALID, "subPath '%.*s' must be relative and without '..'",
                       STR_ARG(sub));
    *add_mount(s) = (struct box_mount){.kind = BOX_BIND,
                                       .source = v->directory,
                                       .sub_path = sub.n > 0 ? str_dup_arena(a, sub) : NULL,
                                       .target = str_dup_arena(a, m->path),
                                       .read_only = m->read_only || v->read_only,
                                       .idmap = v->ours};
    return 0;
}

static int
depth(const char *path)
{
    int n = 0;

    for (; *path != '\0'; path++)
        n += *path == '/' && path[1] != '\0' && path[1] != '/';
    return n;
}

/* Outer mounts before inner ones; equal depth keeps its order. */
static void
sort_mounts(struct box_mount *m, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct box_mount x = m[i];
        size_t k = i;

        for (; k > 0 && depth(m[k - 1].target) > depth(x.target); k--)
            m[k] = m[k - 1];
        m[k] = x;
    }
}

/* Where the step cannot make the file of its termination message by itself, it gets one, as kubelet
 * does everywhere. */
static int
mount_message(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    const char *file = arena_printf(a, "%s/message", f->attempt_dir);

    if (f->level == LEVEL_NONE || (f->level == LEVEL_FULL && !s->read_only_root))
        return 0;
    if (file_write(AT_FDCWD, file, STR(""), 0600, e) < 0)
        return e->code;
    if (chmod(file, 0666) < 0)
        return err_errno(e, "'%s'", file);
    *add_mount(s) = (struct box_mount){
        .kind = BOX_BIND, .source = file, .target = s->message_path, .idmap = true};
    return 0;
}

static int
fill_mounts(const struct boxfill *f, const env_vars *vars, struct arena *a, struct boxspec *s,
            struct err *e)
{
    enum { TOP_ENTRIES = 64 };
    size_t first;

    s->mounts = ARENA_ARRAY(a, struct box_mount,
                            TOP_ENTRIES + 3 + count_words(f->python_files) +
                                f->container->mounts_n + f->inputs_n);
    if (f->image->kind == IMAGE_DIRECTORY && mount_directory(f, a, s, TOP_ENTRIES, e) < 0)
        return e->code;
    if (f->pyenv != NULL)
        mount_pyenv(f, s);
    first = s->mounts_n;
    for (size_t i = 0; i < f->container->mounts_n; i++)
        if (mount_volume(f, &f->container->mounts[i], vars, a, s, e) < 0)
            return e->code;
    for (size_t i = 0; f->main && i < f->inputs_n; i++) {
        if (f->level == LEVEL_NONE && f->inputs[i].anywhere)
            continue;
        *add_mount(s) = (struct box_mount){.kind = BOX_BIND,
                                           .source = f->inputs[i].source,
                                           .target = f->inputs[i].target,
                                           .read_only = f->inputs[i].read_only,
                                           .idmap = true};
    }
    if (mount_message(f, a, s, e) < 0)
        return e->code;
    sort_mounts(s->mounts + first, s->mounts_n - first);
    return 0;
}

/* Level none: the words that name an input which may lie anywhere name its file, which needs no
 * link then. */
static void
follow_inputs(const struct boxfill *f, struct arena *a, struct boxspec *s)
{
    const char **argv;
    size_t n = 0;

    while (s->argv[n] != NULL)
        n++;
    argv = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t w = 0; w < n; w++) {
        argv[w] = s->argv[w];
        for (size_t i = 0; f->main && i < f->inputs_n; i++)
            if (f->inputs[i].anywhere && strcmp(argv[w], f->inputs[i].target) == 0)
                argv[w] = f->inputs[i].source;
    }
    s->argv = argv;
}

/* Level none has no mounts: the paths become links. */
static void
mounts_to_links(struct arena *a, struct boxspec *s)
{
    s->links = ARENA_ARRAY(a, struct box_link, s->mounts_n + s->outputs_n + 1);
    for (size_t i = 0; i < s->mounts_n; i++) {
        const struct box_mount *m = &s->mounts[i];

        if (m->kind != BOX_BIND || strcmp(m->source, m->target) == 0)
            continue;
        s->links[s->links_n++] = (struct box_link){
            m->target,
            m->sub_path != NULL ? arena_printf(a, "%s/%s", m->source, m->sub_path) : m->source};
    }
    s->mounts_n = 0;
}

static bool
is_linked(const struct boxspec *s, const char *path)
{
    for (size_t i = 0; i < s->links_n; i++) {
        struct str link = str_of(s->links[i].path), p = str_of(path);

        if (str_starts(p, link) && (p.n == link.n || p.p[link.n] == '/'))
            return true;
    }
    return false;
}

/* The directory is made for a link that lies in it. */
static bool
will_be_made(const struct boxspec *s, const char *path)
{
    for (size_t i = 0; i < s->links_n; i++) {
        struct str link = str_of(s->links[i].path), p = str_of(path);

        if (str_starts(link, p) && link.n > p.n && link.p[p.n] == '/')
            return true;
    }
    return false;
}

/* Level none: the first directory above an output that is not there becomes a link into the
 * attempt's folder.  An output in a directory that is there stays where it is, since nobody knows
 * whether it will be a file or a directory: it must not exist before, and is removed afterwards
 * (boxfill_remove_outputs). */
static int
link_outputs(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    for (size_t i = 0; i < s->outputs_n; i++) {
        const char *path = s->outputs[i].path, *target;
        char *top = arena_strdup(a, path), *p;
        struct stat st;

        if (is_linked(s, path))
            continue;
        for (p = top + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
            *p = '\0';
            if (access(top, F_OK) < 0 && !will_be_made(s, top))
                break;
        }
        if (p == NULL && lstat(path, &st) == 0)
            return err_set(e, ERR_EXISTS,
                           "output path '%s' exists on this machine already; without isolation "
                           "steps share its file system",
                           path);
        if (p == NULL)
            continue;
        target = arena_printf(a, "%s/none/%zu", f->attempt_dir, i);
        if (file_mkdirs(AT_FDCWD, target, 0700, e) < 0)
            return e->code;
        s->links[s->links_n++] = (struct box_link){top, target};
    }
    return 0;
}

void
boxfill_remove_outputs(const struct podspec *spec)
{
    const struct podio *io = spec->io;

    for (size_t i = 0; i < io->parameters_n + io->artifacts_n; i++) {
        cleanup_free char *path =
            str_dup(i < io->parameters_n ? io->parameters[i].path
                                         : io->artifacts[i - io->parameters_n].path);
        struct err e = ERR_INIT;

        if (file_remove_tree(AT_FDCWD, path, &e) < 0)
            log_warn(path, "%s", e.msg);
    }
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

static int
fill_files(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    struct str hosts;

    if (hosts_text(f->spec->root, a, &hosts, e) < 0)
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
        fill_mounts(f, vars, a, s, e) < 0 || fill_files(f, a, s, e) < 0)
        return e->code;
    if (f->level == LEVEL_NONE) {
        follow_inputs(f, a, s);
        mounts_to_links(a, s);
        return link_outputs(f, a, s, e);
    }
    return 0;
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
    rc = env_build(f->plan, f->spec, f->container, f->machine, a, &vars, e);
    if (rc == 0)
        rc = fill(f, &vars, a, ret, e);
    vec_done(&vars);
    return rc;
}
