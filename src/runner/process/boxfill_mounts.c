/* What a step finds at its paths: the image's directory, its Python environment, volumes, inputs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/file.h"
#include "runner/podspec.h"
#include "runner/process/boxfill_int.h"
#include "runner/runtime.h"
#include "sandbox/boxspec.h"

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

/* Without isolation its path would be the machine's, and the token anybody's. */
static bool
is_left_out(const struct boxfill *f, const struct podspec_mount *m)
{
    return f->level == LEVEL_NONE && f->plan->api_volume != NULL &&
           str_is(m->volume, f->plan->api_volume);
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

int
boxfill_mounts(const struct boxfill *f, const env_vars *vars, struct arena *a, struct boxspec *s,
               struct err *e)
{
    enum { TOP_ENTRIES = 64 };
    size_t first;

    s->mounts = ARENA_ARRAY(a, struct box_mount,
                            TOP_ENTRIES + 4 + count_words(f->python_files) +
                                f->container->mounts_n + f->inputs_n);
    if (f->image->kind == IMAGE_DIRECTORY && mount_directory(f, a, s, TOP_ENTRIES, e) < 0)
        return e->code;
    if (f->pyenv != NULL)
        mount_pyenv(f, s);
    first = s->mounts_n;
    if (f->hosts != NULL)
        *add_mount(s) = (struct box_mount){.kind = BOX_BIND,
                                           .source = f->hosts,
                                           .target = "/etc/hosts",
                                           .read_only = true,
                                           .idmap = true};
    for (size_t i = 0; i < f->container->mounts_n; i++)
        if (!is_left_out(f, &f->container->mounts[i]) &&
            mount_volume(f, &f->container->mounts[i], vars, a, s, e) < 0)
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
