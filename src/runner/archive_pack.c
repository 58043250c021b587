#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "runner/archive.h"
#include "runner/archive_int.h"

struct packer {
    struct archive_library f;
    struct archive *archive;
    struct archive_entry *entry;
};

static int
refused(struct packer *p, const char *member, struct err *e)
{
    const char *why = p->f.archive_error_string(p->archive);

    return err_set(e, ERR_IO, "archive '%s': %s", member, why != NULL ? why : "unknown error");
}

static int
begin_entry(struct packer *p, const char *member, const struct stat *st, const char *link,
            struct err *e)
{
    p->f.archive_entry_clear(p->entry);
    p->f.archive_entry_set_pathname(p->entry, member);
    p->f.archive_entry_set_filetype(p->entry, st->st_mode & S_IFMT);
    p->f.archive_entry_set_perm(p->entry, st->st_mode & 07777);
    p->f.archive_entry_set_mtime(p->entry, st->st_mtim.tv_sec, 0);
    p->f.archive_entry_set_size(p->entry, S_ISREG(st->st_mode) ? st->st_size : 0);
    if (link != NULL)
        p->f.archive_entry_set_symlink(p->entry, link);
    if (p->f.archive_write_header(p->archive, p->entry) < ARCHIVE_WARN)
        return refused(p, member, e);
    return 0;
}

/* Nobody writes to the outbox any more, so the size is what fstat said. */
static int
pack_file(struct packer *p, int dirfd, const char *name, const char *member, struct err *e)
{
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "open '%s'", member);
    if (begin_entry(p, member, &st, NULL, e) < 0)
        return e->code;
    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read '%s'", member);
        if (n == 0)
            return 0;
        if (p->f.archive_write_data(p->archive, chunk, (size_t)n) < 0)
            return refused(p, member, e);
    }
}

static int pack_any(struct packer *p, int dirfd, const char *name, const char *member,
                    unsigned level, struct err *e);

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of names, so that equal trees give equal archives. */
static int
pack_names(struct packer *p, int dirfd, const char *member, unsigned level, DIR *d, struct err *e)
{
    VEC(char *) names = VEC_INIT;
    int rc = 0;

    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            vec_push(&names, xstrdup(entry->d_name));
    if (names.n > 0)
        qsort(names.at, names.n, sizeof names.at[0], by_name);
    for (size_t i = 0; i < names.n; i++) {
        cleanup_free char *inner = xasprintf("%s/%s", member, names.at[i]);

        if (rc == 0)
            rc = pack_any(p, dirfd, names.at[i], inner, level + 1, e);
        free(names.at[i]);
    }
    vec_done(&names);
    return rc;
}

static int
pack_dir(struct packer *p, int dirfd, const char *name, const char *member, const struct stat *st,
         unsigned level, struct err *e)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    cleanup_free char *with_slash = xasprintf("%s/", member);
    int rc;

    if (d == NULL) {
        err_errno(e, "open directory '%s'", member);
        if (fd >= 0)
            close(fd);
        return e->code;
    }
    rc = begin_entry(p, with_slash, st, NULL, e);
    if (rc == 0)
        rc = pack_names(p, fd, member, level, d, e);
    closedir(d);
    return rc;
}

static int
pack_any(struct packer *p, int dirfd, const char *name, const char *member, unsigned level,
         struct err *e)
{
    struct stat st;
    char link[4096];

    if (level > ARCHIVE_MAX_LEVELS)
        return err_set(e, ERR_TOOLARGE, "archive '%s': more than %d levels deep", member,
                       ARCHIVE_MAX_LEVELS);
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(e, "archive '%s'", member);
    if (S_ISREG(st.st_mode))
        return pack_file(p, dirfd, name, member, e);
    if (S_ISDIR(st.st_mode))
        return pack_dir(p, dirfd, name, member, &st, level, e);
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlinkat(dirfd, name, link, sizeof link - 1);

        if (n < 0)
            return err_errno(e, "read link '%s'", member);
        link[n] = '\0';
        return begin_entry(p, member, &st, link, e);
    }
    return 0; /* sockets, pipes and devices */
}

static void
set_up(struct packer *p, enum archive_format format, int level)
{
    char text[2] = {(char)('0' + level), '\0'};

    p->archive = p->f.archive_write_new();
    p->entry = p->f.archive_entry_new();
    if (format == ARCHIVE_ZIP) {
        p->f.archive_write_set_format_zip(p->archive);
        if (level >= 0)
            p->f.archive_write_set_format_option(p->archive, "zip", "compression-level", text);
        return;
    }
    p->f.archive_write_set_format_pax_restricted(p->archive);
    p->f.archive_write_add_filter_gzip(p->archive);
    /* Without a time stamp in the header, equal trees give equal archives. */
    p->f.archive_write_set_filter_option(p->archive, "gzip", "timestamp", NULL);
    if (level >= 0)
        p->f.archive_write_set_filter_option(p->archive, "gzip", "compression-level", text);
}

int
archive_pack(enum archive_format format, int level, int dirfd, const char *name, const char *member,
             int to, struct err *e)
{
    struct packer p;
    int rc = 0;

    if (archive_library(&p.f, e) < 0)
        return e->code;
    set_up(&p, format, level);
    if (p.archive == NULL || p.entry == NULL || p.f.archive_write_open_fd(p.archive, to) < 0)
        rc = refused(&p, member, e);
    if (rc == 0)
        rc = pack_any(&p, dirfd, name, member, 0, e);
    if (rc == 0 && p.f.archive_write_close(p.archive) < ARCHIVE_WARN)
        rc = refused(&p, member, e);
    p.f.archive_write_free(p.archive);
    p.f.archive_entry_free(p.entry);
    return rc;
}
