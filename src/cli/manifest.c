#include "cli/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "data/yaml.h"

enum { MANIFEST_MAX_DEPTH = 30, READ_BYTES = 64 * 1024 };

static void
file_done(struct manifest_file *f)
{
    for (size_t i = 0; i < f->n; i++)
        json_doc_unref(f->objects[i].doc);
    free(f->objects);
    free(f->path);
    problems_done(&f->problems);
}

void
manifest_done(struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        file_done(&m->files[i]);
    free(m->files);
    *m = MANIFEST_INIT;
}

static struct manifest_file *
add_file(struct manifest *m, const char *path)
{
    if (m->n == m->cap) {
        m->cap = m->cap != 0 ? m->cap * 2 : 8;
        m->files = xrealloc(m->files, m->cap, sizeof *m->files);
    }
    m->files[m->n] = (struct manifest_file){.path = xstrdup(path), .problems = PROBLEMS_INIT};
    return &m->files[m->n++];
}

static void
add_object(struct manifest_file *f, struct json_doc *doc, const struct json *value, size_t index)
{
    struct manifest_object *o;

    if (f->n == f->cap) {
        f->cap = f->cap != 0 ? f->cap * 2 : 4;
        f->objects = xrealloc(f->objects, f->cap, sizeof *f->objects);
    }
    o = &f->objects[f->n++];
    *o = (struct manifest_object){.doc = json_doc_ref(doc),
                                  .value = value,
                                  .api_version = json_str(json_get(value, "apiVersion")),
                                  .kind = json_str(json_get(value, "kind")),
                                  .name = json_str(json_at_path(value, "metadata.name")),
                                  .index = index};
    if (o->name.p == NULL)
        o->name = json_str(json_at_path(value, "metadata.generateName"));
}

/* An object needs to say what it is. */
static bool
check_identity(struct manifest_file *f, const struct json_doc *doc, const struct json *value)
{
    static const char *const fields[] = {"apiVersion", "kind"};
    bool good = true;

    if (json_type(value) != JSON_OBJECT) {
        problems_add(&f->problems, PROBLEM_TYPE, doc, value,
                     "expected an object with apiVersion and kind, got %s",
                     json_type_name(json_type(value)));
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct json *field = json_get(value, fields[i]);

        if (json_str(field).n > 0)
            continue;
        good = false;
        problems_add(&f->problems, PROBLEM_REQUIRED, doc, json_is_null(field) ? value : field,
                     "%s must be set to a text that says what this object is", fields[i]);
    }
    return good;
}

static void
add_document(struct manifest_file *f, struct json_doc *doc, size_t index)
{
    const struct json *root = json_root(doc), *items = json_get(root, "items");
    struct str kind = json_str(json_get(root, "kind"));

    if (!check_identity(f, doc, root))
        return;
    if (json_type(items) != JSON_ARRAY || !str_ends(kind, STR("List"))) {
        add_object(f, doc, root, index);
        return;
    }
    JSON_EACH (it, items)
        if (check_identity(f, doc, it.value))
            add_object(f, doc, it.value, index);
}

/* The report puts the place in front itself. */
static void
drop_place(struct err *e)
{
    cleanup_free char *place = xasprintf("line %d column %d: ", e->line, e->col);
    size_t n = strlen(place);

    if (strncmp(e->msg, place, n) == 0)
        memmove(e->msg, e->msg + n, strlen(e->msg) - n + 1);
}

static void
read_text(struct manifest_file *f, struct str text)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse(text, NULL, &docs, &e) < 0) {
        drop_place(&e);
        problems_add_err(&f->problems, &e);
        return;
    }
    for (size_t i = 0; i < docs.n; i++)
        add_document(f, docs.at[i].json, i);
}

static int
read_all(int fd, struct buf *to, struct err *e)
{
    to->max = MANIFEST_MAX_BYTES + 1;
    for (;;) {
        char *room = buf_reserve(to, READ_BYTES);
        ssize_t got;

        if (room == NULL)
            return err_set(e, ERR_TOOLARGE, "larger than %d MiB, which is no manifest",
                           MANIFEST_MAX_BYTES / 1024 / 1024);
        got = read(fd, room, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, "read");
        if (got == 0)
            return 0;
        buf_grew(to, (size_t)got);
    }
}

static int
read_file(struct manifest *m, const char *path, struct err *e)
{
    bool standard = strcmp(path, "-") == 0;
    cleanup_close int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    cleanup_buf struct buf text = BUF_INIT;
    struct manifest_file *f;

    if (m->n >= MANIFEST_MAX_FILES)
        return err_set(e, ERR_TOOLARGE, "more than %d files", MANIFEST_MAX_FILES);
    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    f = add_file(m, path);
    if (read_all(fd, &text, e) < 0)
        problems_add_err(&f->problems, e);
    else
        read_text(f, buf_view(&text));
    return 0;
}

static bool
is_manifest_name(const char *name)
{
    struct str s = str_of(name);

    return str_ends(s, STR(".yaml")) || str_ends(s, STR(".yml")) || str_ends(s, STR(".json"));
}

static int read_directory(struct manifest *m, const char *path, unsigned depth, struct err *e);

/* One name found in a directory.  Links to directories are not followed. */
static int
read_entry(struct manifest *m, const char *directory, const char *name, unsigned depth,
           struct err *e)
{
    cleanup_free char *path = xasprintf("%s/%s", directory, name);
    struct stat st;

    if (lstat(path, &st) < 0)
        return err_errno(e, "'%s'", path);
    if (S_ISDIR(st.st_mode))
        return read_directory(m, path, depth + 1, e);
    if (S_ISLNK(st.st_mode) && (stat(path, &st) < 0 || !S_ISREG(st.st_mode)))
        return 0;
    if (!S_ISREG(st.st_mode) || !is_manifest_name(name))
        return 0;
    if (read_file(m, path, e) < 0 && e->code != ERR_TOOLARGE) {
        /* One file that cannot be opened is its own problem, not the others'. */
        problems_add_err(&add_file(m, path)->problems, e);
        *e = ERR_INIT;
    }
    return e->code;
}

static int
visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int
read_directory(struct manifest *m, const char *path, unsigned depth, struct err *e)
{
    struct dirent **names = NULL;
    int n, rc = 0;

    if (depth > MANIFEST_MAX_DEPTH)
        return err_set(e, ERR_TOOLARGE, "'%s': directories nested deeper than %d", path,
                       MANIFEST_MAX_DEPTH);
    n = scandir(path, &names, visible, alphasort);
    if (n < 0)
        return err_errno(e, "open '%s'", path);
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = read_entry(m, path, names[i]->d_name, depth, e);
        free(names[i]);
    }
    free(names);
    return rc;
}

int
manifest_read(struct manifest *m, const char *argument, struct err *e)
{
    struct stat st;

    if (strcmp(argument, "-") == 0)
        return read_file(m, argument, e);
    if (stat(argument, &st) < 0)
        return err_errno(e, "open '%s'", argument);
    return S_ISDIR(st.st_mode) ? read_directory(m, argument, 0, e) : read_file(m, argument, e);
}
