#include "init/keeper_save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"

enum { MAX_DEPTH = 200, MAX_ENTRIES = 1000 * 1000, CHUNK = 64 * 1024 };

struct copy {
    const struct keeper_save *s;
    uint64_t left, bytes; /* this output's */
    uint64_t entries;
};

/* Reading is done as the command's user, writing as ourselves: the outbox is not the command's. */
static void
become_reader(const struct keeper_save *s)
{
    if (s->switch_ids) {
        setfsgid(s->gid);
        setfsuid(s->uid);
    }
}

static void
become_writer(const struct keeper_save *s)
{
    if (s->switch_ids) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
}

static int
open_source(const struct copy *c, int dir, const char *name, int flags)
{
    int fd;

    become_reader(c->s);
    fd = openat(dir, name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    become_writer(c->s);
    return fd;
}

static int
spend(struct copy *c, uint64_t n, struct err *e)
{
    if (n > c->left)
        return err_set(e, ERR_TOOLARGE, "it is larger than the limit of %" PRIu64 " bytes",
                       c->bytes + c->left);
    c->left -= n;
    c->bytes += n;
    return 0;
}

static int
write_chunk(int out, const char *p, size_t n, struct err *e)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = write(out, p + done, n - done);

        if (w < 0 && errno != EINTR)
            return err_errno(e, "write to the outbox");
        done += w > 0 ? (size_t)w : 0;
    }
    return 0;
}

/* copy_file_range lets a file system share the blocks; where it cannot, plain reads. */
static int
copy_content(struct copy *c, int in, int out, struct err *e)
{
    char chunk[CHUNK];
    bool fast = true, any = false; /* of this file */
    ssize_t n;

    for (;;) {
        if (fast) {
            n = copy_file_range(in, NULL, out, NULL, 64 * 1024 * 1024, 0);
            if (n < 0 && !any &&
                (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
                fast = false;
                continue;
            }
            fast = n > 0; /* /proc and its like answer 0 here: read to be sure */
            if (n == 0)
                continue;
        } else {
            n = read(in, chunk, sizeof chunk);
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read");
        if (n == 0)
            return 0;
        any = true;
        if (spend(c, (uint64_t)n, e) < 0 || (!fast && write_chunk(out, chunk, (size_t)n, e) < 0))
            return e->code;
    }
}

static int
copy_file(struct copy *c, int in, const struct stat *st, int to, const char *name, struct err *e)
{
    cleanup_close int out = -1;

    if ((uint64_t)st->st_size > c->left)
        return spend(c, (uint64_t)st->st_size, e);
    out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return err_errno(e, "create '%s' in the outbox", name);
    if (copy_content(c, in, out, e) < 0)
        return e->code;
    (void)fchmod(out, st->st_mode & 0777);
    return 0;
}

static int
copy_link(int dir, const char *name, int to, struct err *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target - 1);

    if (n < 0)
        return err_errno(e, "read the link '%s'", name);
    target[n] = '\0';
    return symlinkat(target, to, name) < 0 ? err_errno(e, "link '%s'", name) : 0;
}

static int copy_tree(struct copy *c, int in, const struct stat *st, int to, const char *name,
                     int depth, struct err *e);

static int
copy_entry(struct copy *c, int dir, const char *name, int to, int depth, struct err *e)
{
    cleanup_close int in = -1;
    struct stat st;

    if (++c->entries > MAX_ENTRIES || depth > MAX_DEPTH)
        return err_set(e, ERR_TOOLARGE, "it has more than %d entries or %d levels", MAX_ENTRIES,
                       MAX_DEPTH);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(e, "'%s'", name);
    if (S_ISLNK(st.st_mode))
        return copy_link(dir, name, to, e);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    in = open_source(c, dir, name, O_RDONLY | O_NOFOLLOW);
    if (in < 0 || fstat(in, &st) < 0)
        return err_errno(e, "open '%s'", name);
    if (S_ISDIR(st.st_mode))
        return copy_tree(c, in, &st, to, name, depth + 1, e);
    return S_ISREG(st.st_mode) ? copy_file(c, in, &st, to, name, e) : 0;
}

static int
copy_tree(struct copy *c, int in, const struct stat *st, int to, const char *name, int depth,
          struct err *e)
{
    cleanup_close int out = -1;
    int list = fcntl(in, F_DUPFD_CLOEXEC, 0);
    struct dirent *entry;
    DIR *d = list >= 0 ? fdopendir(list) : NULL;
    int rc = 0;

    if (d == NULL) {
        if (list >= 0)
            close(list);
        return err_errno(e, "list '%s'", name);
    }
    if (mkdirat(to, name, 0700) == 0)
        out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (out < 0)
        rc = err_errno(e, "create '%s' in the outbox", name);
    while (rc == 0 && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = copy_entry(c, in, entry->d_name, out, depth, e);
    }
    closedir(d);
    if (rc == 0)
        (void)fchmod(out, (st->st_mode & 0777) | 0700);
    return rc;
}

static void
remove_tree(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        unlinkat(dir, name, 0);
        return;
    }
    while ((entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(fd, entry->d_name);
    }
    closedir(d);
    unlinkat(dir, name, AT_REMOVEDIR);
}

static int
save(struct keeper_save *s, const struct box_output *o, struct box_saved *ret, struct err *e)
{
    struct copy c = {.s = s, .left = o->max_bytes < s->left ? o->max_bytes : s->left};
    cleanup_close int in = open_source(&c, AT_FDCWD, o->path, O_RDONLY);
    struct stat st;
    int rc;

    if (in < 0 || fstat(in, &st) < 0)
        return err_errno(e, "'%s'", o->path);
    ret->type = st.st_mode & S_IFMT;
    if (S_ISDIR(st.st_mode))
        rc = copy_tree(&c, in, &st, s->outbox, o->name, 0, e);
    else if (S_ISREG(st.st_mode))
        rc = copy_file(&c, in, &st, s->outbox, o->name, e);
    else
        return err_set(e, ERR_INVALID, "'%s' is neither a file nor a directory", o->path);
    if (rc < 0) {
        remove_tree(s->outbox, o->name);
        return err_wrap(e, "'%s'", o->path);
    }
    ret->bytes = c.bytes;
    s->left -= c.bytes;
    return 0;
}

struct box_saved
keeper_save(struct keeper_save *s, const struct box_output *o)
{
    struct box_saved saved = {.name = o->name, .state = BOX_SAVED};
    struct err e = ERR_INIT;

    if (save(s, o, &saved, &e) < 0) {
        saved.state = e.code == ERR_NOTFOUND || e.sys == ENOTDIR ? BOX_MISSING : BOX_UNSAVED;
        saved.text = arena_strdup(s->arena, e.msg);
    }
    return saved;
}
