/* Level none has no mounts: paths that a spec fixes become links into the attempt's folder. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "io/file.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/process/boxfill_int.h"
#include "sandbox/boxspec.h"

/* The words that name an input which may lie anywhere name its file, which needs no link then. */
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

/* The first directory above an output that is not there becomes a link into the
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

int
boxfill_links(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e)
{
    follow_inputs(f, a, s);
    mounts_to_links(a, s);
    return link_outputs(f, a, s, e);
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
