#include "runner/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "io/beneath.h"
#include "io/file.h"
#include "runner/archive.h"
#include "runner/digest.h"
#include "runner/logs.h"
#include "runner/podio.h"
#include "runner/remote.h"
#include "sandbox/boxrecord.h"

enum { MAX_LEVELS = 256 };

void
outputs_name(char kind, size_t i, char name[16])
{
    snprintf(name, 16, "%c%u", kind, (unsigned)i);
}

/* "N/M" with N at most M and M above zero: what upstream takes for progress. */
static bool
is_progress(struct str line)
{
    struct str total = line, done = str_cut(&total, '/');
    int64_t n, m;

    return str_to_int(done, &n) && str_to_int(total, &m) && n >= 0 && n <= m && m > 0;
}

/* The last line that has something; earlier ones are of no interest. */
static char *
last_progress(struct str text)
{
    struct str last = STR_NULL;

    while (text.p != NULL) {
        struct str line = str_trim(str_cut(&text, '\n'));

        if (line.n > 0)
            last = line;
    }
    return is_progress(last) ? str_dup(last) : NULL;
}

void
outputs_take(struct outputs_work *w, const struct box_exit *x)
{
    if (x->progress != NULL && w->progress == NULL)
        w->progress = last_progress(str_of(x->progress));
    for (size_t i = 0; i < x->outputs_n; i++) {
        struct outputs_taken *t = vec_grow(&w->taken);

        t->state = x->outputs[i].state;
        t->text = x->outputs[i].text != NULL ? xstrdup(x->outputs[i].text) : NULL;
    }
}

static void
fail(struct outputs_work *w, const char *doing, struct str what, const char *why)
{
    if (w->error == NULL)
        w->error = xasprintf("%s %.*s: %s", doing, STR_ARG(what), why);
}

/* One newline at the end, which `echo` puts there, does not count. */
static struct str
without_newline(struct str s)
{
    return s.n > 0 && s.p[s.n - 1] == '\n' ? str_slice(s, 0, s.n - 1) : s;
}

/* How the output with this number was taken; NULL if the box says nothing of it. */
static const struct outputs_taken *
taken(const struct outputs_work *w, size_t i)
{
    return i < w->taken.n ? &w->taken.at[i] : NULL;
}

static const char *
why_missing(const struct outputs_taken *t)
{
    return t != NULL && t->text != NULL && t->state == BOX_UNSAVED ? t->text
                                                                   : "no such file or directory";
}

static void
save_result(struct outputs_work *w)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    if (!w->io->result || file_read(w->dir, BOX_RESULT, OUTPUTS_PARAMETER_BYTES, &text, &e) < 0)
        return;
    w->result = str_dup(without_newline(buf_view(&text)));
}

static int
read_parameter(struct outputs_work *w, size_t i, struct buf *to, struct err *e)
{
    char name[16];
    cleanup_close int box = file_open_dir(w->dir, BOX_OUTBOX, e), fd = -1;

    if (box < 0)
        return e->code;
    outputs_name('p', i, name);
    fd = beneath_open(box, name, O_RDONLY | O_NONBLOCK, 0, e);
    if (fd < 0)
        return e->code;
    return file_read_fd(fd, OUTPUTS_PARAMETER_BYTES, to, e);
}

static void
save_parameter(struct outputs_work *w, size_t i)
{
    const struct podio_parameter *p = &w->io->parameters[i];
    const struct outputs_taken *t = taken(w, i);
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    char *value = NULL;

    if (t != NULL && t->state == BOX_SAVED) {
        if (read_parameter(w, i, &text, &e) == 0)
            value = str_dup(without_newline(buf_view(&text)));
        else
            fail(w, "open", p->path, e.msg);
    } else if (p->otherwise.p != NULL) {
        value = str_dup(p->otherwise);
    } else if (w->succeeded) {
        fail(w, "open", p->path, why_missing(t));
    }
    vec_push(&w->values, value);
}

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

static void
save_artifact(struct outputs_work *w, size_t i)
{
    const struct podio_artifact *artifact = &w->io->artifacts[i];
    const struct outputs_taken *t = taken(w, w->io->parameters_n + i);
    struct err e = ERR_INIT;

    vec_push(&w->saved_first, w->saved.n);
    vec_push(&w->sent, false);
    if (t != NULL && t->state == BOX_SAVED) {
        if (save_taken(w, i, &e) < 0)
            fail(w, "failed to save artifact", artifact->name, e.msg);
        else
            w->sent.at[i] = artifact->http != NULL;
    } else if (w->succeeded && !artifact->optional) {
        fail(w, "open", artifact->path, why_missing(t));
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
outputs_save(struct outputs_work *w)
{
    struct err e = ERR_INIT;

    save_result(w);
    for (size_t i = 0; i < w->io->parameters_n; i++)
        save_parameter(w, i);
    for (size_t i = 0; i < w->io->artifacts_n; i++)
        save_artifact(w, i);
    if (w->io->archive_logs.p != NULL && w->dir >= 0 &&
        make_blob(w, w->io->archive_logs, fill_log, w, &e) < 0)
        fail(w, "failed to save logs to", w->io->archive_logs, e.msg);
}

/* Steps write any bytes; JSON holds text: each byte that is no UTF-8 becomes U+FFFD. */
static void
add_text(struct json_build *b, const char *key, const char *text)
{
    cleanup_buf struct buf clean = BUF_INIT;

    utf8_clean(str_of(text), &clean);
    json_add_str(b, key, buf_view(&clean));
}

static void
write_artifacts(const struct outputs_work *w, struct json_build *b)
{
    json_add_object(b, "artifacts");
    for (size_t i = 0; i < w->saved_first.n; i++) {
        const struct podio_artifact *artifact = &w->io->artifacts[i];
        const struct runtime_blob *first = w->saved.at + w->saved_first.at[i];
        size_t n = w->saved_count.at[i];
        int64_t bytes = 0;

        if (w->sent.at[i]) {
            json_add_key(b, artifact->name);
            json_add_object(b, NULL);
            json_add_value(b, "http", artifact->http);
            json_end(b);
            continue;
        }
        if (n == 0)
            continue;
        for (size_t k = 0; k < n; k++)
            bytes += first[k].bytes;
        json_add_key(b, artifact->name);
        json_add_object(b, NULL);
        json_add_str(b, "key", artifact->key);
        json_add_int(b, "bytes", bytes);
        json_add_cstr(b, "digest", n == 1 ? first->digest : "");
        if (n > 1 || strlen(first->key) != artifact->key.n)
            json_add_bool(b, "directory", true);
        json_end(b);
    }
    json_end(b);
}

void
outputs_write(const struct outputs_work *w, struct json_build *b)
{
    if (w->progress != NULL)
        json_add_cstr(b, "progress", w->progress);
    if (w->result != NULL)
        add_text(b, "result", w->result);
    json_add_object(b, "parameters");
    for (size_t i = 0; i < w->values.n; i++)
        if (w->values.at[i] != NULL) {
            json_add_key(b, w->io->parameters[i].name);
            add_text(b, NULL, w->values.at[i]);
        }
    json_end(b);
    write_artifacts(w, b);
    json_add_array(b, "missing");
    for (size_t i = 0; i < w->values.n; i++)
        if (w->values.at[i] == NULL)
            json_add_str(b, NULL, w->io->parameters[i].name);
    for (size_t i = 0; i < w->saved_count.n; i++)
        if (w->saved_count.at[i] == 0 && !w->sent.at[i])
            json_add_str(b, NULL, w->io->artifacts[i].name);
    json_end(b);
    if (w->error != NULL)
        add_text(b, "error", w->error);
}

void
outputs_done(struct outputs_work *w)
{
    for (size_t i = 0; i < w->taken.n; i++)
        free(w->taken.at[i].text);
    for (size_t i = 0; i < w->values.n; i++)
        free(w->values.at[i]);
    for (size_t i = 0; i < w->saved.n; i++) {
        free(w->saved.at[i].key);
        free(w->saved.at[i].digest);
    }
    vec_done(&w->taken);
    vec_done(&w->values);
    vec_done(&w->saved);
    vec_done(&w->saved_first);
    vec_done(&w->saved_count);
    vec_done(&w->sent);
    free(w->progress);
    free(w->result);
    free(w->error);
}
