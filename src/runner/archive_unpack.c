#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/beneath.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/archive_int.h"

struct unpacker {
    struct archive_library f;
    struct archive *archive;
    int into;
    int64_t bytes;
    int entries;
};

/* A member's name as a plain path below the target: "./a//b/" is a/b.  NULL if it leaves it;
 * "" for the target itself. */
static char *
plain(const char *member)
{
    struct str rest = str_of(member);
    char *out = xcalloc(1, rest.n + 1);
    size_t n = 0;

    if (rest.n > 0 && rest.p[0] == '/') {
        free(out);
        return NULL;
    }
    while (rest.p != NULL) {
        struct str part = str_cut(&rest, '/');

        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            free(out);
            return NULL;
        }
        if (n > 0)
            out[n++] = '/';
        memcpy(out + n, part.p, part.n);
        n += part.n;
    }
    return out;
}

static int
unpack_file(struct unpacker *u, int dirfd, const char *name, mode_t mode, struct err *e)
{
    cleanup_close int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(e, "create '%s'", name);
    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = u->f.archive_read_data(u->archive, chunk, sizeof chunk);

        if (n < 0)
            return err_set(e, ERR_INVALID, "archive member '%s': %s", name,
                           u->f.archive_error_string(u->archive));
        if (n == 0)
            break;
        u->bytes += n;
        if (u->bytes > ARCHIVE_MAX_BYTES)
            return err_set(e, ERR_TOOLARGE, "archive unpacks to more than %lld bytes",
                           (long long)ARCHIVE_MAX_BYTES);
        if (file_write_fd(fd, str_make(chunk, (size_t)n), e) < 0)
            return err_wrap(e, "'%s'", name);
    }
    if (fchmod(fd, mode & 0777) < 0)
        return err_errno(e, "'%s'", name);
    return 0;
}

static int
unpack_hardlink(struct unpacker *u, const char *target, int dirfd, const char *name, struct err *e)
{
    cleanup_free char *from = plain(target);
    cleanup_close int from_dir = -1;
    const char *from_name;

    if (from == NULL || *from == '\0')
        return err_set(e, ERR_INVALID, "archive member '%s' links to '%s', outside of the archive",
                       name, target);
    from_dir = beneath_parent(u->into, from, &from_name, e);
    if (from_dir < 0)
        return e->code;
    if (linkat(from_dir, from_name, dirfd, name, 0) < 0)
        return err_errno(e, "link '%s' to '%s'", name, target);
    return 0;
}

/* A later member of the same name replaces the earlier, except that directories stay. */
static int
unpack_entry(struct unpacker *u, struct archive_entry *entry, struct err *e)
{
    const char *member = u->f.archive_entry_pathname(entry);
    const char *hardlink = u->f.archive_entry_hardlink(entry), *name;
    cleanup_free char *path = member != NULL ? plain(member) : NULL;
    mode_t type = u->f.archive_entry_filetype(entry), mode = u->f.archive_entry_perm(entry);
    cleanup_close int dirfd = -1;

    if (path == NULL)
        return err_set(e, ERR_INVALID, "archive member '%s' leaves the archive's directory",
                       member != NULL ? member : "");
    if (*path == '\0')
        return 0;
    dirfd = beneath_parent(u->into, path, &name, e);
    if (dirfd < 0)
        return e->code;
    if (hardlink == NULL && type == S_IFDIR) {
        if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
            return err_errno(e, "make directory '%s'", name);
        fchmodat(dirfd, name, (mode & 0777) | 0700, 0);
        return 0;
    }
    unlinkat(dirfd, name, 0);
    if (hardlink != NULL)
        return unpack_hardlink(u, hardlink, dirfd, name, e);
    if (type == S_IFREG)
        return unpack_file(u, dirfd, name, mode, e);
    if (type == S_IFLNK && symlinkat(u->f.archive_entry_symlink(entry), dirfd, name) < 0)
        return err_errno(e, "create link '%s'", name);
    return 0; /* devices and pipes are left out */
}

static int
unpack_all(struct unpacker *u, struct err *e)
{
    for (;;) {
        struct archive_entry *entry;
        int rc = u->f.archive_read_next_header(u->archive, &entry);

        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc < ARCHIVE_WARN)
            return err_set(e, ERR_INVALID, "archive: %s", u->f.archive_error_string(u->archive));
        if (++u->entries > ARCHIVE_MAX_ENTRIES)
            return err_set(e, ERR_TOOLARGE, "archive has more than %d members",
                           ARCHIVE_MAX_ENTRIES);
        if (unpack_entry(u, entry, e) < 0)
            return e->code;
    }
}

int
archive_unpack(int fd, int into_dirfd, struct err *e)
{
    struct unpacker u = {.into = into_dirfd};
    int rc;

    if (archive_library(&u.f, e) < 0)
        return e->code;
    u.archive = u.f.archive_read_new();
    u.f.archive_read_support_filter_gzip(u.archive);
    u.f.archive_read_support_format_tar(u.archive);
    u.f.archive_read_support_format_zip(u.archive);
    lseek(fd, 0, SEEK_SET);
    if (u.f.archive_read_open_fd(u.archive, fd, 64 * 1024) != ARCHIVE_OK)
        rc = err_set(e, ERR_INVALID, "archive: %s", u.f.archive_error_string(u.archive));
    else
        rc = unpack_all(&u, e);
    u.f.archive_read_free(u.archive);
    return rc;
}
