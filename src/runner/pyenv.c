#include "runner/pyenv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/process.h"
#include "runner/digest.h"
#include "runner/interpreter.h"

enum { BUILD_TIMEOUT_MS = 300 * 1000, PIP_SCRIPT_MODE = 0755 };

/* The interpreter holds the lock as well: it may outlive this process, which can be killed at any
 * instant, and nobody must begin anew while it still writes. */
static int
run_python(const char *const *argv, int held, struct err *e)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                                      "PIP_DISABLE_PIP_VERSION_CHECK=1", "PYTHONNOUSERSITE=1",
                                      NULL};
    const int fds[] = {-1, -1, -1, held};
    struct process_spec spec = {
        .path = argv[0], .argv = argv, .env = env, .fds = fds, .fds_n = ARRAY_LEN(fds)};
    cleanup_buf struct buf output = {.max = 64 * 1024};
    int rc = process_run(&spec, BUILD_TIMEOUT_MS, &output, e);

    if (rc < 0)
        return rc;
    if (rc != 0) {
        struct str text = str_trim(buf_view(&output));

        if (text.n > 400)
            text = str_slice(text, text.n - 400, text.n);
        return err_set(e, ERR_IO, "'%s' ended with exit code %d: %.*s", argv[0], rc, STR_ARG(text));
    }
    return 0;
}

/* Where the interpreter's own pip is: in its tree, or in Debian's place for that of the system. */
static char *
find_pip(const struct interpreter *i)
{
    char *path = xasprintf("%s/lib/python%d.%d/site-packages/pip", i->prefix, i->major, i->minor);

    if (access(path, F_OK) == 0)
        return path;
    free(path);
    path = xstrdup("/usr/lib/python3/dist-packages/pip");
    if (strcmp(i->prefix, "/usr") == 0 && access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

int
pyenv_write_pip(const char *venv, struct err *e)
{
    static const char script[] = "import sys\nfrom pip._internal.cli.main import main\n"
                                 "sys.exit(main())\n";
    cleanup_free char *text = xasprintf("#!%s/bin/python3\n%s", venv, script);

    for (const char *const *name = (const char *const[]){"pip", "pip3", NULL}; *name != NULL;
         name++) {
        cleanup_free char *path = xasprintf("%s/bin/%s", venv, *name);

        if (file_write(AT_FDCWD, path, str_of(text), PIP_SCRIPT_MODE, e) < 0)
            return e->code;
    }
    return 0;
}

static int
copy_pip(const struct interpreter *i, const char *venv, struct err *e)
{
    cleanup_free char *from = find_pip(i);
    cleanup_free char *to =
        xasprintf("%s/lib/python%d.%d/site-packages/pip", venv, i->major, i->minor);

    if (from == NULL)
        return err_set(e, ERR_NOTFOUND, "%s has no pip to copy", i->path);
    if (file_copy_tree(AT_FDCWD, from, AT_FDCWD, to, e) < 0)
        return err_wrap(e, "copy pip");
    return pyenv_write_pip(venv, e);
}

static int
start_afresh(const struct interpreter *i, const char *venv, bool with_pip, int held, struct err *e)
{
    const char *const all[] = {i->path, "-I", "-m", "venv", venv, NULL};
    const char *const bare[] = {i->path, "-I", "-m", "venv", "--without-pip", venv, NULL};

    if (file_remove_tree(AT_FDCWD, venv, e) < 0)
        return e->code;
    return run_python(with_pip ? all : bare, held, e);
}

/* Copying the interpreter's pip takes a tenth of the time in which ensurepip unpacks the one that
 * it brings; Debian packages either apart from the interpreter, so there may be one, both or none.
 */
static int
build(const struct interpreter *i, const char *venv, int held, struct err *e)
{
    struct err why = ERR_INIT;

    log_info(venv, "building a Python environment with %s", i->path);
    if (start_afresh(i, venv, false, held, e) < 0)
        return e->code;
    if (copy_pip(i, venv, &why) == 0)
        return 0;
    log_info(venv, "%s; building it with ensurepip", why.msg);
    if (start_afresh(i, venv, true, held, &why) == 0)
        return 0;
    log_warn(venv, "this environment has no pip: %s has none to give", i->path);
    return start_afresh(i, venv, false, held, e);
}

static int
lock(const char *dir, struct err *e)
{
    cleanup_free char *path = xasprintf("%s.lock", dir);
    cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return err_errno(e, "lock '%s'", path);
    return TAKE_FD(fd);
}

static int
ensure(const struct interpreter *i, const char *dir, const char *venv, struct err *e)
{
    cleanup_free char *ready = xasprintf("%s/ready", dir);
    cleanup_close int held = -1;

    if (access(ready, F_OK) == 0)
        return 0;
    if (file_mkparents(AT_FDCWD, dir, 0755, e) < 0)
        return e->code;
    held = lock(dir, e);
    if (held < 0)
        return held;
    if (access(ready, F_OK) == 0)
        return 0; /* somebody else was faster */
    if (file_remove_tree(AT_FDCWD, dir, e) < 0 || file_mkdirs(AT_FDCWD, dir, 0755, e) < 0 ||
        build(i, venv, held, e) < 0)
        return e->code;
    return file_replace(AT_FDCWD, ready, str_of(i->path), 0600, false, e);
}

int
pyenv_ensure(const char *dir, const char *target, struct arena *a, struct pyenv *ret, struct err *e)
{
    interpreters found = VEC_INIT;
    char hex[DIGEST_HEX];
    int rc = interpreter_choose(target, &found, e);

    if (rc == 0) {
        const struct interpreter *i = &found.at[0];
        const char *key = arena_printf(a, "venv 1\n%s\n%d.%d\n%" PRId64 "\n%" PRId64, i->path,
                                       i->major, i->minor, i->size, i->mtime_ns);

        digest_text(str_of(key), hex);
        ret->id = str_dup_arena(a, str_make(hex, 16));
        ret->path = arena_printf(a, "%s/%s/venv", dir, ret->id);
        ret->prefix = arena_strdup(a, i->prefix);
        ret->version = arena_printf(a, "%d.%d", i->major, i->minor);
        ret->description = arena_printf(a, "python %d.%d (%s)", i->major, i->minor, i->path);
        rc = ensure(i, arena_printf(a, "%s/%s", dir, ret->id), ret->path, e);
        if (rc < 0)
            err_wrap(e, "Python environment of %s", i->path);
    }
    interpreter_done(&found);
    return rc < 0 ? e->code : 0;
}
