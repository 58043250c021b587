/*
 * Artifacts, and the log as one of them: archived or as they are, made durable as blobs, or sent to
 * where they belong.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/beneath.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/digest.h"
#include "runner/logs.h"
#include "runner/outputs_int.h"
#include "runner/podio.h"
#include "runner/remote.h"
#include "sandbox/boxrecord.h"

enum { MAX_LEVELS = 256 };

/* Publishes a finished file under a key. */
static int
publish(struct outputs_work *w, int fd, const char *id, char *key, struct err *e)
{
    char hex[DIGEST_HEX];
    int64_t bytes;
    struct runtime_blob *b;

    if (digest_fd(fd, hex, &bytes, e) < 0 || w->blobs->publish(w->blobs->arg, id, e) < 0) {
        free(key);
        return e->code;
    }
    b = vec_grow(&w->saved);
    memcpy(b->id, id, sizeof b->id);
    b->key = key;
    b->bytes = bytes;
    b->digest = xasprintf("sha256:%s", hex);
    return 0;
}

typedef int fill_fn(void *arg, int to, struct err *e);

/* A new blob, filled by the function. */
static int
make_blob(struct outputs_work *w, struct str key, fill_fn *fill, void *arg, struct err *e)
{
    char id[33];
    cleanup_free char *path = NULL;
    cleanup_close int fd = -1;
    int rc;

    if (w->blobs->temp(w->blobs->arg, id, &path, e) < 0)
        return e->code;
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(e, "create '%s'", path);
    rc = fill(arg, fd, e);
    if (rc == 0)
        rc = publish(w, fd, id, str_dup(key), e);
    if (rc < 0)
        w->blobs->discard(w->blobs->arg, id);
    return rc;
}

struct member {
    int dirfd;
    const char *name;
    const struct podio_artifact *artifact;
    const char *base; /* of the artifact's path: the archive's only top-level name */
};

static int
fill_archive(void *arg, int to, struct err *e)
{
    const struct member *m = arg;
    enum archive_format format = m->artifact->archive == PODIO_ZIP ? ARCHIVE_ZIP : ARCHIVE_TGZ;

    return archive_pack(format, m->artifact->level, m->dirfd, m->name, m->base, to, e);
}

static int
fill_copy(void *arg, int to, struct err *e)
{
    const struct member *m = arg;
    cleanup_close int from = beneath_open(m->dirfd, m->name, O_RDONLY | O_NONBLOCK, 0, e);

    if (from < 0)
        return e->code;
    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = read(from, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read '%s'", m->name);
        if (n == 0)
            return 0;
        if (file_write_fd(to, str_make(chunk, (size_t)n), e) < 0)
            return e->code;
    }
}

/* A directory without an archive: each of its files under a key of its own. */
static int
save_tree(struct outputs_work *w, int dirfd, const char *name, struct str key, unsigned level,
          struct err *e)
{
    struct stat st;
    DIR *d;
    int fd, rc = 0;

    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(e, "'%s'", name);
    if (S_ISREG(st.st_mode)) {
        struct member m = {.dirfd = dirfd, .name = name};

        return make_blob(w, key, fill_copy, &m, e);
    }
    if (!S_ISDIR(st.st_mode))
        return 0; /* links and special files are not stored */
    if (level > MAX_LEVELS)
        return err_set(e, ERR_TOOLARGE, "more than %d levels deep", MAX_LEVELS);
    fd = beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0, e);
    if (fd < 0)
        return fd;
    d = fdopendir(fd);
    if (d == NULL) {
        close(fd);
        return err_errno(e, "open directory '%s'", name);
    }
    for (struct dirent *entry; rc == 0 && (entry = readdir(d)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;

        cleanup_free char *inner = xasprintf("%.*s/%s", STR_ARG(key), entry->d_name);

        rc = save_tree(w, fd, entry->d_name, str_of(inner), level + 1, e);
    }
    closedir(d);
    return rc;
}

/* An artifact that goes elsewhere: archived in a file that nobody sees, or as it is. */
static int
send_away(struct outputs_work *w, struct member *m, struct err *e)
{
    cleanup_close int fd = -1;
    struct stat st;
    int rc;

    if (m->artifact->archive == PODIO_NONE) {
        fd = beneath_open(m->dirfd, m->name, O_RDONLY | O_NONBLOCK, 0, e);
        if (fd < 0)
            return fd;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
            return err_set(e, ERR_INVALID, "a directory cannot be sent without an archive");
        return remote_put(w->plan, m->artifact->http, fd, e);
    }
    fd = openat(w->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "make a temporary file");
    rc = fill_archive(m, fd, e);
    return rc < 0 ? rc : remote_put(w->plan, m->artifact->http, fd, e);
}

/* The last component of an absolute path; "root" for "/". */
static char *
base_name(struct str path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return i < path.n ? str_dup(str_slice(path, i, path.n)) : xstrdup("root");
    return str_dup(path);
}

static int
save_taken(struct outputs_work *w, size_t i, struct err *e)
{
    const struct podio_artifact *artifact = &w->io->artifacts[i];
    cleanup_free char *base = base_name(artifact->path);
    cleanup_close int box = file_open_dir(w->dir, BOX_OUTBOX, e);
    char name[16];
    struct member m = {.dirfd = box, .name = name, .artifact = artifact, .base = base};

    if (box < 0)
        return e->code;
    outputs_name('a', i, name);
    if (artifact->http != NULL)
        return send_away(w, &m, e);
    if (artifact->archive == PODIO_NONE)
        return save_tree(w, box, name, artifact->key, 0, e);
    return make_blob(w, artifact->key, fill_archive, &m, e);
}

void
outputs_save_artifact(struct outputs_work *w, size_t i)
{
    const struct podio_artifact *artifact = &w->io->artifacts[i];
    const struct outputs_taken *t = outputs_taken_of(w, w->io->parameters_n + i);
    struct err e = ERR_INIT;

    vec_push(&w->saved_first, w->saved.n);
    vec_push(&w->sent, false);
    if (t != NULL && t->state == BOX_SAVED) {
        if (save_taken(w, i, &e) < 0)
            outputs_fail(w, "failed to save artifact", artifact->name, e.msg);
        else
            w->sent.at[i] = artifact->http != NULL;
    } else if (w->succeeded && !artifact->optional) {
        outputs_fail(w, "open", artifact->path, outputs_why_missing(t));
    }
    vec_push(&w->saved_count, w->saved.n - w->saved_first.at[i]);
}

static void
add_plain(void *arg, const struct logs_record *record)
{
    struct buf *plain = arg;

    buf_str(plain, record->text);
    if (!record->partial)
        buf_char(plain, '\n');
}

/* The log as text, without time stamps: what upstream's main.log is. */
static int
fill_log(void *arg, int to, struct err *e)
{
    struct outputs_work *w = arg;
    cleanup_buf struct buf plain = BUF_INIT;

    if (logs_read(w->dir, BOX_LOG, add_plain, &plain, e) < 0)
        return e->code;
    return file_write_fd(to, buf_view(&plain), e);
}

void
outputs_save_log(struct outputs_work *w)
{
    struct err e = ERR_INIT;

    if (w->io->archive_logs.p != NULL && w->dir >= 0 &&
        make_blob(w, w->io->archive_logs, fill_log, w, &e) < 0)
        outputs_fail(w, "failed to save logs to", w->io->archive_logs, e.msg);
}
