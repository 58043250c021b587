#include "runner/outputs.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"
#include "io/beneath.h"
#include "io/file.h"
#include "runner/outputs_int.h"
#include "runner/podio.h"
#include "sandbox/boxrecord.h"

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

void
outputs_fail(struct outputs_work *w, const char *doing, struct str what, const char *why)
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

const struct outputs_taken *
outputs_taken_of(const struct outputs_work *w, size_t i)
{
    return i < w->taken.n ? &w->taken.at[i] : NULL;
}

const char *
outputs_why_missing(const struct outputs_taken *t)
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
    const struct outputs_taken *t = outputs_taken_of(w, i);
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    char *value = NULL;

    if (t != NULL && t->state == BOX_SAVED) {
        if (read_parameter(w, i, &text, &e) == 0)
            value = str_dup(without_newline(buf_view(&text)));
        else
            outputs_fail(w, "open", p->path, e.msg);
    } else if (p->otherwise.p != NULL) {
        value = str_dup(p->otherwise);
    } else if (w->succeeded) {
        outputs_fail(w, "open", p->path, outputs_why_missing(t));
    }
    vec_push(&w->values, value);
}

void
outputs_save(struct outputs_work *w)
{
    save_result(w);
    for (size_t i = 0; i < w->io->parameters_n; i++)
        save_parameter(w, i);
    for (size_t i = 0; i < w->io->artifacts_n; i++)
        outputs_save_artifact(w, i);
    outputs_save_log(w);
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
