/*
 * An environment of a step's own where there are no layers (level none).
 *
 * It is a virtual environment of a few links and files: the links to the interpreter, its
 * configuration, and an empty place for packages with a .pth file that names the place of the
 * environment below.  Python looks there second, and pip takes what it finds there as installed,
 * but never changes it, since it lies outside of the environment.  Making it takes no interpreter
 * and no time to speak of.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/pyenv.h"

enum { CONFIG_BYTES = 64 * 1024 };

/* python, python3 and python3.N: links to one another and to the interpreter. */
static int
copy_links(const char *from, const char *to, struct err *e)
{
    DIR *d = opendir(from);
    int rc = 0;

    if (d == NULL)
        return err_errno(e, "'%s'", from);
    for (struct dirent *entry; rc == 0 && (entry = readdir(d)) != NULL;) {
        cleanup_free char *path = xasprintf("%s/%s", to, entry->d_name);
        char target[PATH_MAX];
        ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);

        if (n < 0)
            continue; /* a script, which names the environment below */
        target[n] = '\0';
        if (symlink(target, path) < 0)
            rc = err_errno(e, "link '%s'", path);
    }
    closedir(d);
    return rc;
}

static int
copy_config(const char *from, const char *to, struct err *e)
{
    cleanup_free char *source = xasprintf("%s/pyvenv.cfg", from);
    cleanup_free char *path = xasprintf("%s/pyvenv.cfg", to);
    cleanup_buf struct buf text = BUF_INIT;

    if (file_read(AT_FDCWD, source, CONFIG_BYTES, &text, e) < 0)
        return e->code;
    return file_write(AT_FDCWD, path, buf_view(&text), 0644, e);
}

static int
make_packages(const struct pyenv *below, const char *dir, struct err *e)
{
    cleanup_free char *packages = xasprintf("%s/lib/python%s/site-packages", dir, below->version);
    cleanup_free char *pth = xasprintf("%s/below.pth", packages);
    cleanup_free char *text =
        xasprintf("%s/lib/python%s/site-packages\n", below->path, below->version);
    cleanup_free char *lib64 = xasprintf("%s/lib64", dir);

    if (file_mkdirs(AT_FDCWD, packages, 0755, e) < 0 ||
        file_write(AT_FDCWD, pth, str_of(text), 0644, e) < 0)
        return e->code;
    return symlink("lib", lib64) < 0 ? err_errno(e, "link '%s'", lib64) : 0;
}

int
pyenv_make_own(const struct pyenv *below, const char *dir, struct arena *a, struct pyenv *ret,
               struct err *e)
{
    cleanup_free char *from = xasprintf("%s/bin", below->path);
    cleanup_free char *to = xasprintf("%s/bin", dir);
    cleanup_free char *pip = xasprintf("%s/pip", from);

    if (file_mkdirs(AT_FDCWD, to, 0755, e) < 0 || copy_links(from, to, e) < 0 ||
        copy_config(below->path, dir, e) < 0 || make_packages(below, dir, e) < 0)
        return e->code;
    if (access(pip, F_OK) == 0 && pyenv_write_pip(dir, e) < 0)
        return e->code;
    *ret = *below;
    ret->path = arena_strdup(a, dir);
    return 0;
}
