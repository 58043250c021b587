#include "runner/interpreter.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

void
interpreter_done(interpreters *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free(v->at[i].path);
        free(v->at[i].prefix);
    }
    vec_done(v);
}

/* "python3.11" to 3 and 11. */
static bool
version_of_name(const char *name, int *major, int *minor)
{
    struct str s = str_of(name), first;
    int64_t a, b;

    if (!str_starts(s, STR("python")))
        return false;
    s = str_slice(s, 6, s.n);
    first = str_cut(&s, '.');
    if (s.p == NULL || !str_to_int(first, &a) || !str_to_int(s, &b) || a > 99 || b > 999)
        return false;
    *major = (int)a;
    *minor = (int)b;
    return true;
}

static bool
is_program(const char *path)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char magic[4];

    return fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
           memcmp(magic, "\177ELF", 4) == 0;
}

/* Adds the interpreter that a path leads to, if it is one and new. */
static void
consider(interpreters *v, const char *path)
{
    char real[PATH_MAX];
    struct stat st;
    const char *name;
    int major, minor;

    if (realpath(path, real) == NULL || (name = strrchr(real, '/')) == NULL ||
        !version_of_name(name + 1, &major, &minor))
        return;
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->at[i].path, real) == 0)
            return;
    if (stat(real, &st) < 0 || !S_ISREG(st.st_mode) || access(real, X_OK) < 0 || !is_program(real))
        return;

    struct interpreter *i = vec_grow(v);
    size_t bin = (size_t)(name - real); /* .../bin */

    i->path = xstrdup(real);
    i->prefix = bin > 4 && memcmp(real + bin - 4, "/bin", 4) == 0 ? xstrndup(real, bin - 4)
                                                                  : xstrndup(real, bin);
    i->major = major;
    i->minor = minor;
    i->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    i->size = st.st_size;
}

/* Every pythonN.M and python3 of a directory. */
static void
scan_bin(interpreters *v, const char *dir)
{
    DIR *d = opendir(dir);

    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        int major, minor;

        if (version_of_name(entry->d_name, &major, &minor) ||
            strcmp(entry->d_name, "python3") == 0) {
            cleanup_free char *path = xasprintf("%s/%s", dir, entry->d_name);

            consider(v, path);
        }
    }
    closedir(d);
}

/* Each PREFIX/NAME/bin, as pyenv lays its versions out. */
static void
scan_versions(interpreters *v, const char *versions)
{
    DIR *d = opendir(versions);

    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (entry->d_name[0] != '.') {
            cleanup_free char *bin = xasprintf("%s/%s/bin", versions, entry->d_name);

            scan_bin(v, bin);
        }
    closedir(d);
}

void
interpreter_find_all(interpreters *ret)
{
    const char *root = getenv("PYENV_ROOT"), *home = getenv("HOME"), *path = getenv("PATH");
    struct str rest = str_of(path != NULL ? path : "");

    while (rest.p != NULL) {
        struct str part = str_cut(&rest, ':');
        cleanup_free char *dir = str_dup(part);

        if (part.n > 0 && part.p[0] == '/')
            scan_bin(ret, dir);
    }
    scan_bin(ret, "/usr/local/bin");
    scan_bin(ret, "/usr/bin");
    if (root != NULL) {
        cleanup_free char *versions = xasprintf("%s/versions", root);

        scan_versions(ret, versions);
    }
    if (home != NULL) {
        cleanup_free char *versions = xasprintf("%s/.pyenv/versions", home);

        scan_versions(ret, versions);
    }
    scan_versions(ret, "/opt");
}

static int
by_path(const char *target, interpreters *ret, struct err *e)
{
    cleanup_free char *bin = xasprintf("%s/bin", target);
    struct stat st;

    if (stat(target, &st) < 0)
        return err_errno(e, "interpreter '%s'", target);
    if (S_ISDIR(st.st_mode))
        scan_bin(ret, bin);
    else
        consider(ret, target);
    if (ret->n == 0)
        return err_set(e, ERR_NOTFOUND,
                       "'%s' is no Python interpreter (a program named pythonN.M; links to one "
                       "count, scripts do not)",
                       target);
    while (ret->n > 1) {
        struct interpreter last = vec_pop(ret);

        free(last.path);
        free(last.prefix);
    }
    return 0;
}

/* Smaller is nearer; a newer one wins over an older one at the same distance. */
static int
distance(const struct interpreter *i, int minor)
{
    if (minor < 0)
        return -i->minor;
    return i->minor >= minor ? 2 * (i->minor - minor) : 2 * (minor - i->minor) + 1;
}

static bool
wanted(const char *target, int *major, int *minor)
{
    struct str rest = str_of(target), part;
    int64_t n;

    *major = 3;
    *minor = -1;
    if (target == NULL || strcmp(target, "latest") == 0)
        return true;
    part = str_cut(&rest, '.');
    if (!str_to_int(part, &n) || n < 0 || n > 99)
        return false;
    *major = (int)n;
    if (rest.p == NULL)
        return true;
    part = str_cut(&rest, '.');
    if (!str_to_int(part, &n) || n < 0 || n > 999)
        return false;
    *minor = (int)n;
    return true;
}

int
interpreter_choose(const char *target, interpreters *ret, struct err *e)
{
    interpreters all = VEC_INIT;
    const struct interpreter *best = NULL;
    int major, minor;

    if (target != NULL && target[0] == '/')
        return by_path(target, ret, e);
    if (!wanted(target, &major, &minor))
        return err_set(e, ERR_INVALID, "'%s' is neither a path nor a version of Python", target);
    interpreter_find_all(&all);
    for (size_t i = 0; i < all.n; i++)
        if (all.at[i].major == major &&
            (best == NULL || distance(&all.at[i], minor) < distance(best, minor)))
            best = &all.at[i];
    if (best != NULL) {
        struct interpreter copy = *best;

        copy.path = xstrdup(best->path);
        copy.prefix = xstrdup(best->prefix);
        vec_push(ret, copy);
    }
    interpreter_done(&all);
    if (best == NULL)
        return err_set(e, ERR_NOTFOUND, "no Python %d interpreter is installed on this machine",
                       major);
    return 0;
}
