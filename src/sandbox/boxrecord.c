#include "sandbox/boxrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/wire.h"

enum {
    TYPE_STARTED = 2000,
    TYPE_EXIT = 2001,
    RECORD_MAX = 4 * 1024 * 1024,
    RESERVE_BYTES = 16 * 1024
};
#define RESERVE ".exit"

static void
started_fields(struct wire *w, struct box_started *s)
{
    wire_text(w, &s->id);
    wire_bool(w, &s->fenced);
    wire_i64(w, &s->at_us);
    if (wire_is_reading(w) && s->id == NULL)
        wire_fail(w, "the record names no attempt");
}

static void
saved_fields(struct wire *w, struct box_saved *s)
{
    wire_text(w, &s->name);
    wire_int(w, &s->state);
    wire_u32(w, &s->type);
    wire_u64(w, &s->bytes);
    wire_text(w, &s->text);
}

static void
exit_fields(struct wire *w, struct box_exit *x)
{
    wire_text(w, &x->id);
    wire_bool(w, &x->executed);
    wire_int(w, &x->code);
    wire_int(w, &x->signal);
    wire_bool(w, &x->oom);
    wire_bool(w, &x->deadline);
    wire_bool(w, &x->stopped);
    wire_i64(w, &x->started_us);
    wire_i64(w, &x->ended_us);
    wire_i64(w, &x->saved_us);
    wire_u64(w, &x->cpu_us);
    wire_u64(w, &x->memory_peak);
    wire_u64(w, &x->log_bytes);
    wire_u64(w, &x->log_lost);
    wire_u64(w, &x->result_bytes);
    wire_text(w, &x->text);
    wire_text(w, &x->message);
    wire_text(w, &x->progress);
    WIRE_LIST(w, x->outputs, x->outputs_n, 24, saved_fields);
    if (wire_is_reading(w) && x->id == NULL)
        wire_fail(w, "the record names no attempt");
}

static int
write_all(int fd, const struct buf *b)
{
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(fd, b->p + done, b->n - done);

        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* The content under a name that no other writer uses: several processes may try at once. */
static int
write_temporary(int dirfd, const char *stem, char name[64], const struct buf *b, struct err *e)
{
    cleanup_close int fd = -1;

    for (unsigned i = 0; fd < 0; i++) {
        snprintf(name, 64, ".%s.%d.%u", stem, (int)getpid(), i);
        fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return err_errno(e, "create the record '%s'", stem);
    }
    if (write_all(fd, b) < 0) {
        err_errno(e, "write the record '%s'", stem);
        unlinkat(dirfd, name, 0);
        return e->code;
    }
    return 0;
}

static int
encode_started(const struct box_started *s, struct buf *to, struct err *e)
{
    struct box_started copy = *s;
    struct wire w;

    wire_write(&w, to, TYPE_STARTED);
    started_fields(&w, &copy);
    return wire_end(&w, e);
}

/* As a file of its own. */
static int
publish_alone(int dirfd, const struct buf *b, struct err *e)
{
    char name[64];
    int rc = 0;

    if (write_temporary(dirfd, BOX_STARTED, name, b, e) < 0)
        return e->code;
    /* Both refuse to replace, whoever else is at it in the same instant; not every file system has
     * the rename. */
    if (renameat2(dirfd, name, dirfd, BOX_STARTED, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        rc = err_errno(e, "publish the record '%s'", BOX_STARTED);
    else if (linkat(dirfd, name, dirfd, BOX_STARTED, 0) < 0)
        rc = err_errno(e, "publish the record '%s'", BOX_STARTED);
    unlinkat(dirfd, name, 0);
    return rc;
}

int
boxrecord_publish(int dirfd, int reserve, const struct box_started *s, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (encode_started(s, &b, e) < 0)
        return e->code;
    if (write_all(reserve, &b) < 0)
        return err_errno(e, "write the record '%s'", BOX_STARTED);
    if (linkat(dirfd, RESERVE, dirfd, BOX_STARTED, 0) == 0)
        return 0;
    /* A file system without second names. */
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
        return publish_alone(dirfd, &b, e);
    return err_errno(e, "publish the record '%s'", BOX_STARTED);
}

int
boxrecord_fence(int dirfd, const char *id, int64_t now_us, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct box_started s = {id, .fenced = true, .at_us = now_us};

    return encode_started(&s, &b, e) < 0 ? e->code : publish_alone(dirfd, &b, e);
}

int
boxrecord_reserve(int dirfd, struct err *e)
{
    int fd = openat(dirfd, RESERVE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(e, "reserve the record '%s'", BOX_EXIT);
    /* Beyond the file's end, so that writing the record is all that is left to do; what it does not
     * need goes with the attempt's layers.  Where the file system cannot promise room, it is taken
     * when it is needed. */
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVE_BYTES) < 0 && errno == ENOSPC) {
        err_errno(e, "reserve the record '%s'", BOX_EXIT);
        close(fd);
        return e->code;
    }
    return fd;
}

int
boxrecord_write_exit(int dirfd, int reserve, const struct box_exit *x, struct err *e)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct box_exit copy = *x;
    struct wire w;

    wire_write(&w, &b, TYPE_EXIT);
    exit_fields(&w, &copy);
    if (wire_end(&w, e) < 0)
        return e->code;
    if (write_all(reserve, &b) < 0)
        return err_errno(e, "write the record '%s'", BOX_EXIT);
    if (renameat(dirfd, RESERVE, dirfd, BOX_EXIT) < 0)
        return err_errno(e, "publish the record '%s'", BOX_EXIT);
    return 0;
}

/* The whole file, in the arena.  Records are small; a link or anything but a file is refused. */
static int
read_record(int dirfd, const char *name, struct arena *a, struct str *ret, struct err *e)
{
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t n;
    char *p;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "record '%s'", name);
    if (!S_ISREG(st.st_mode) || st.st_size > RECORD_MAX)
        return err_set(e, ERR_INVALID, "record '%s': not a file of at most %d bytes", name,
                       RECORD_MAX);
    p = arena_alloc(a, (size_t)st.st_size + 1);
    n = read(fd, p, (size_t)st.st_size);
    if (n < 0)
        return err_errno(e, "read the record '%s'", name);
    *ret = str_make(p, (size_t)n);
    return 0;
}

/* Takes a `started` from the front of the bytes; what follows it is left. */
static int
take_started(struct str *bytes, struct arena *a, struct box_started *ret, struct err *e)
{
    struct wire w;
    uint32_t type;

    wire_read(&w, *bytes, a, &type);
    *ret = (struct box_started){.id = NULL};
    if (type != TYPE_STARTED)
        wire_fail(&w, "another kind of record");
    started_fields(&w, ret);
    *bytes = str_make(w.p, w.n);
    w.n = 0;
    return wire_end(&w, e);
}

int
boxrecord_read_started(int dirfd, struct arena *a, struct box_started *ret, struct err *e)
{
    struct str bytes;

    if (read_record(dirfd, BOX_STARTED, a, &bytes, e) < 0)
        return e->code;
    return take_started(&bytes, a, ret, e) < 0 ? err_wrap(e, "record '%s'", BOX_STARTED) : 0;
}

int
boxrecord_read_exit(int dirfd, struct arena *a, struct box_exit *ret, struct err *e)
{
    struct box_started started;
    struct str bytes;
    struct wire w;
    uint32_t type;

    if (read_record(dirfd, BOX_EXIT, a, &bytes, e) < 0)
        return e->code;
    if (take_started(&bytes, a, &started, e) < 0)
        return err_wrap(e, "record '%s'", BOX_EXIT);
    wire_read(&w, bytes, a, &type);
    *ret = (struct box_exit){.id = NULL};
    if (type != TYPE_EXIT)
        wire_fail(&w, "another kind of record");
    exit_fields(&w, ret);
    return wire_end(&w, e) < 0 ? err_wrap(e, "record '%s'", BOX_EXIT) : 0;
}
