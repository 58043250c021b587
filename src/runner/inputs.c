#include "runner/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/beneath.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/remote.h"
#include "runner/runtime.h"
#include "runner/volumes.h"

struct placing {
    const struct plan *plan;
    const struct podspec *spec;
    const struct volumes *volumes;
    const char *dir;
    bool placed; /* an earlier call has written everything */
    struct arena *arena;
};

static struct str
joined(const struct podio_input *in, struct arena *a)
{
    if (in->sub_path.n == 0)
        return in->blob;
    return str_of(arena_printf(a, "%.*s/%.*s", STR_ARG(in->blob), STR_ARG(in->sub_path)));
}

/* Copies one stored file of a directory to its place below it. */
static int
collect_one(int root, const struct plan_blob *b, struct err *e)
{
    const char *name;
    cleanup_close int parent = -1;

    if (!file_is_plain_path(str_of(b->suffix)))
        return err_set(e, ERR_INVALID, "stored name '%s' is no plain path", b->suffix);
    parent = beneath_parent(root, b->suffix, &name, e);
    if (parent < 0)
        return e->code;
    return file_copy_tree(AT_FDCWD, b->path, parent, name, e);
}

/* Finds what is stored under a key: the path of a blob as it is, or of a directory into which the
 * keys below it were copied.  1: found, 0: not. */
static int
find_blob(struct placing *p, struct str key, const char *own, const char **path, bool *shared,
          struct err *e)
{
    cleanup_close int root = -1;

    for (size_t i = 0; i < p->plan->blobs_n; i++) {
        const struct plan_blob *b = &p->plan->blobs[i];

        if (!str_is(key, b->key))
            continue;
        if (b->suffix == NULL) {
            *path = b->path;
            *shared = true;
            return 1;
        }
        if (p->placed) {
            *path = own;
            *shared = false;
            return 1;
        }
        if (root < 0) {
            if (file_mkdirs(AT_FDCWD, own, 0755, e) < 0)
                return e->code;
            root = file_open_dir(AT_FDCWD, own, e);
            if (root < 0)
                return e->code;
        }
        if (collect_one(root, b, e) < 0)
            return e->code;
    }
    *path = own;
    *shared = false;
    return root >= 0;
}

/* The only entry of a directory, or NULL. */
static const char *
only_entry(const char *dir, struct arena *a)
{
    DIR *d = opendir(dir);
    const char *only = NULL;
    size_t n = 0;

    if (d == NULL)
        return NULL;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (n++ == 0)
            only = arena_strdup(a, entry->d_name);
    }
    closedir(d);
    return n == 1 ? only : NULL;
}

/* 1: it was an archive, and *path is what came of it. */
static int
unpack(struct placing *p, const char *own, const char **path, struct err *e)
{
    cleanup_close int fd = open(*path, O_RDONLY | O_CLOEXEC), into = -1;
    struct stat st;
    const char *only;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "open '%s'", *path);
    if (!S_ISREG(st.st_mode) || !archive_is_one(fd))
        return 0;
    if (!p->placed) {
        if (file_mkdirs(AT_FDCWD, own, 0755, e) < 0)
            return e->code;
        into = file_open_dir(AT_FDCWD, own, e);
        if (into < 0 || archive_unpack(fd, into, e) < 0)
            return e->code;
    }
    only = only_entry(own, p->arena);
    *path = only != NULL ? arena_printf(p->arena, "%s/%s", own, only) : own;
    return 1;
}

/* A part of an unpacked artifact. */
static int
descend(struct placing *p, struct str sub_path, const char **path, struct err *e)
{
    cleanup_close int root = open(*path, O_PATH | O_DIRECTORY | O_CLOEXEC), found = -1;
    const char *sub = str_dup_arena(p->arena, sub_path);

    if (root < 0)
        return err_errno(e, "open '%s'", *path);
    found = beneath_open(root, sub, O_PATH, 0, e);
    if (found < 0)
        return e->code;
    *path = arena_printf(p->arena, "%s/%s", *path, sub);
    return 0;
}

static int
write_raw(struct placing *p, const struct podio_input *in, const char *own, const char **path,
          struct err *e)
{
    *path = arena_strdup(p->arena, own);
    if (p->placed)
        return 0;
    return file_write(AT_FDCWD, own, in->raw, 0644, e);
}

/* From elsewhere: 1, or 0 for an optional one that is not there. */
static int
fetch_remote(struct placing *p, const struct podio_input *in, const char *own, const char **path,
             struct err *e)
{
    int rc = 0;

    *path = arena_strdup(p->arena, own);
    if (!p->placed)
        rc = in->http != NULL ? remote_get(p->plan, in->http, own, e)
                              : remote_clone(p->plan, in->git, own, e);
    else if (access(own, F_OK) < 0)
        return 0; /* it was not there */
    if (rc == ERR_NOTFOUND && in->optional)
        return unlink(own) < 0 ? err_errno(e, "remove '%s'", own) : 0;
    return rc < 0 ? rc : 1;
}

/* A file that may be an archive becomes what is in it. */
static int
open_archive(struct placing *p, const struct podio_input *in, const char *own, const char **path,
             bool *shared, struct err *e)
{
    int rc;

    if (in->archive != PODIO_AUTO || (!*shared && in->http == NULL))
        return 1;
    rc = unpack(p, arena_printf(p->arena, "%s.d", own), path, e);
    if (rc > 0)
        *shared = false;
    return rc < 0 ? rc : 1;
}

/* Gets the content: 1, or 0 for an optional one that is not there.  *shared: it is the store's. */
static int
fetch(struct placing *p, const struct podio_input *in, const char *own, const char **path,
      bool *shared, struct err *e)
{
    struct str key = joined(in, p->arena);
    bool within = false;
    int rc;

    *shared = false;
    if (in->raw.p != NULL)
        return write_raw(p, in, own, path, e) < 0 ? e->code : 1;
    if (in->http != NULL || in->git != NULL) {
        rc = fetch_remote(p, in, own, path, e);
        return rc > 0 ? open_archive(p, in, own, path, shared, e) : rc;
    }
    rc = find_blob(p, key, own, path, shared, e);
    if (rc == 0 && in->sub_path.n > 0) {
        within = true;
        rc = find_blob(p, in->blob, own, path, shared, e);
    }
    if (rc == 0 && !in->optional)
        return err_set(e, ERR_NOTFOUND, "no such key \"%.*s\"", STR_ARG(key));
    if (rc <= 0)
        return rc;
    rc = open_archive(p, in, own, path, shared, e);
    if (rc < 0)
        return rc;
    if (within && descend(p, in->sub_path, path, e) < 0)
        return e->code;
    return 1;
}

/* Into a volume: below its directory, whatever links the volume holds. */
static int
copy_into_volume(const struct podspec_container *c, const struct volumes *v, const char *host,
                 const char *from, struct arena *a, struct err *e)
{
    for (size_t i = 0; i < c->mounts_n; i++) {
        const struct volume *of = volumes_find(v, c->mounts[i].volume);
        cleanup_close int root = -1, parent = -1;
        const char *name, *relative;
        size_t n;

        if (of == NULL)
            continue;
        n = strlen(of->directory);
        if (strncmp(host, of->directory, n) != 0 || host[n] != '/')
            continue;
        relative = arena_strdup(a, host + n + 1);
        root = open(of->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
            return err_errno(e, "open '%s'", of->directory);
        parent = beneath_parent(root, relative, &name, e);
        if (parent < 0 || file_remove_tree(parent, name, e) < 0)
            return e->code;
        return file_copy_tree(AT_FDCWD, from, parent, name, e);
    }
    return err_set(e, ERR_INVALID, "'%s' lies in no volume", host);
}

static int
set_mode(struct placing *p, const struct podio_input *in, const char *own, const char **path,
         bool *shared, struct err *e)
{
    if (*shared) {
        const char *copy = arena_printf(p->arena, "%s.m", own);

        if (!p->placed && file_copy_tree(AT_FDCWD, *path, AT_FDCWD, copy, e) < 0)
            return e->code;
        *path = copy;
        *shared = false;
    }
    if (chmod(*path, (mode_t)(in->mode & 07777)) < 0)
        return err_errno(e, "set the mode of '%s'", *path);
    return 0;
}

/* 1: *ret is to be bound; 0: nothing is. */
static int
place(struct placing *p, const struct podspec_container *c, size_t i, struct placed_input *ret,
      struct err *e)
{
    const struct podio_input *in = &p->spec->io->inputs[i];
    const char *own = arena_printf(p->arena, "%s/%zu", p->dir, i), *path, *host;
    bool shared;
    int rc = fetch(p, in, own, &path, &shared, e);

    if (rc <= 0)
        return rc;
    if (in->mode >= 0 && set_mode(p, in, own, &path, &shared, e) < 0)
        return e->code;
    host = volumes_host_path(p->volumes, c, in->path, p->arena);
    if (host != NULL && p->placed)
        return 0;
    if (host != NULL)
        return copy_into_volume(c, p->volumes, host, path, p->arena, e);
    *ret = (struct placed_input){path, str_dup_arena(p->arena, in->path), shared, in->anywhere};
    return 1;
}

static const struct podspec_container *
first_main(const struct podspec *s)
{
    for (size_t i = s->init_n; i < s->containers_n; i++)
        if (s->containers[i].role == CONTAINER_MAIN)
            return &s->containers[i];
    return &s->containers[s->init_n];
}

int
inputs_place(const struct plan *p, const struct podspec *s, const struct volumes *v,
             const char *dir, bool placed, struct arena *a, struct placed_input **ret,
             size_t *ret_n, struct err *e)
{
    struct placing placing = {p, s, v, dir, placed, a};
    const struct podio *io = s->io;

    *ret_n = 0;
    *ret = ARENA_ARRAY(a, struct placed_input, io->inputs_n + 1);
    if (io->inputs_n == 0)
        return 0;
    /* What an interrupted attempt left is not trusted to be whole. */
    if (!placed &&
        (file_remove_tree(AT_FDCWD, dir, e) < 0 || file_mkdirs(AT_FDCWD, dir, 0755, e) < 0))
        return e->code;
    for (size_t i = 0; i < io->inputs_n; i++) {
        int rc = place(&placing, first_main(s), i, &(*ret)[*ret_n], e);

        if (rc < 0)
            return err_wrap(e, "artifact %.*s failed to load", STR_ARG(io->inputs[i].name));
        *ret_n += (size_t)rc;
    }
    return 0;
}
