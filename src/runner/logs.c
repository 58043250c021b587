#include "runner/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/timer.h"

enum { CHUNK = 64 * 1024 };

struct logs {
    char *path;
    int fd; /* -1 until the file is there */
    logs_fn *fn;
    void *arg;
    struct buf pending; /* the beginning of a record */
    struct timer timer;
};

bool
logs_cut(struct str *rest, struct logs_record *ret)
{
    ptrdiff_t end = str_find_char(*rest, '\n', 0);
    struct str line, flag;

    if (end < 0)
        return false;
    line = ret->text = str_slice(*rest, 0, (size_t)end);
    *rest = str_slice(*rest, (size_t)end + 1, rest->n);
    ret->time = str_cut(&line, ' ');
    ret->stream = str_cut(&line, ' ');
    flag = str_cut(&line, ' ');
    ret->partial = str_is(flag, "P");
    if ((!ret->partial && !str_is(flag, "F")) ||
        (!str_is(ret->stream, "stdout") && !str_is(ret->stream, "stderr"))) {
        ret->time = STR("");
        ret->stream = STR("stdout");
        ret->partial = false;
        return true; /* text is the whole line */
    }
    ret->text = line.p != NULL ? line : STR("");
    return true;
}

static void
hand_out(struct logs *g)
{
    struct str rest = buf_view(&g->pending);
    struct logs_record record;
    size_t used;

    while (logs_cut(&rest, &record))
        g->fn(g->arg, &record);
    used = g->pending.n - rest.n;
    if (used == 0)
        return;
    memmove(g->pending.p, g->pending.p + used, rest.n);
    buf_cut(&g->pending, rest.n);
}

void
logs_drain(struct logs *g)
{
    if (g->fd < 0)
        g->fd = open(g->path, O_RDONLY | O_CLOEXEC);
    while (g->fd >= 0) {
        char *room = buf_reserve(&g->pending, CHUNK);
        ssize_t n = read(g->fd, room, CHUNK);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        buf_grew(&g->pending, (size_t)n);
        hand_out(g);
    }
}

static void
on_timer(void *arg)
{
    struct logs *g = arg;

    timer_after(&g->timer, LOGS_PAUSE_US);
    logs_drain(g);
}

struct logs *
logs_follow(struct loop *l, const char *path, logs_fn *fn, void *arg)
{
    struct logs *g = NEW(struct logs);

    *g = (struct logs){.path = xstrdup(path), .fd = -1, .fn = fn, .arg = arg};
    timer_init(&g->timer, l, on_timer, g);
    timer_after(&g->timer, 0);
    return g;
}

void
logs_free(struct logs *g)
{
    if (g == NULL)
        return;
    timer_stop(&g->timer);
    if (g->fd >= 0)
        close(g->fd);
    buf_done(&g->pending);
    free(g->path);
    free(g);
}

/* The length of the whole records in the first n bytes, and where the last one begins. */
static size_t
whole_records(const char *p, size_t n, size_t *last)
{
    const char *end = memrchr(p, '\n', n), *before;

    if (end == NULL)
        return 0;
    before = memrchr(p, '\n', (size_t)(end - p));
    *last = before != NULL ? (size_t)(before - p) + 1 : 0;
    return (size_t)(end - p) + 1;
}

int
logs_shorten(int dirfd, const char *path, int64_t bytes, const char *why, struct err *e)
{
    cleanup_close int fd = openat(dirfd, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_free char *head = NULL, *line = NULL;
    size_t kept, last = 0;
    struct str rest, time;
    struct stat st;
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT ? 0 : err_errno(e, "'%s'", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= bytes)
        return 0;
    head = NEW_ARRAY(char, (size_t)bytes);
    n = pread(fd, head, (size_t)bytes, 0);
    kept = n > 0 ? whole_records(head, (size_t)n, &last) : 0;
    rest = str_make(head + last, kept - last);
    time = str_cut(&rest, ' ');
    line = xasprintf("%.*s stderr F [sluice: %s]\n", STR_ARG(time), why);
    if (ftruncate(fd, (off_t)kept) < 0 ||
        pwrite(fd, line, strlen(line), (off_t)kept) != (ssize_t)strlen(line))
        return err_errno(e, "shorten '%s'", path);
    return 0;
}

/* The last lines of a text whose lines all end. */
static struct str
last_lines(struct str text, size_t lines, size_t bytes)
{
    size_t at = text.n;

    while (at > 0 && (text.p[at - 1] != '\n' || at == text.n || lines-- > 1))
        at--;
    return str_slice(text, text.n - at > bytes ? text.n - bytes : at, text.n);
}

/* A chunk holds more lines, or more of a long one, than are wanted. */
int
logs_end(int dirfd, const char *path, struct buf *to, struct err *e)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_free char *chunk = NEW_ARRAY(char, CHUNK);
    cleanup_buf struct buf plain = BUF_INIT;
    struct logs_record record;
    struct str rest;
    struct stat st;
    off_t from;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "'%s'", path);
    from = st.st_size > CHUNK ? st.st_size - CHUNK : 0;
    n = pread(fd, chunk, CHUNK, from);
    if (n < 0)
        return err_errno(e, "read '%s'", path);
    rest = str_make(chunk, (size_t)n);
    if (from > 0)
        (void)str_cut(&rest, '\n');
    while (logs_cut(&rest, &record)) {
        buf_str(&plain, record.text);
        if (!record.partial)
            buf_char(&plain, '\n');
    }
    buf_str(to, last_lines(buf_view(&plain), LOGS_END_LINES, LOGS_END_BYTES));
    return 0;
}

int
logs_read(int dirfd, const char *path, logs_fn *fn, void *arg, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct logs_record record;
    struct str rest;

    if (file_read(dirfd, path, SIZE_MAX, &text, e) < 0)
        return e->code;
    rest = buf_view(&text);
    while (logs_cut(&rest, &record))
        fn(arg, &record);
    return 0;
}
