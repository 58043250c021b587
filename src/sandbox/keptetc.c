#include "sandbox/keptetc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "sandbox/droptree.h"
#include "sandbox/oscall.h"
#include "sandbox/skeleton.h"
#include "sandbox/skeleton_etc.h"

enum { LIST_SIZE = 256 * 1024, UNSETTLED_S = 2 };

#define PREFIX "etc."
#define LIST "list"
#define TREE "tree"

/* The list. */

struct listing {
    int etc;
    struct buf text;
    time_t newest;
    bool fit;
};

/* All that tells a file, and a state of it, from others. */
static void
identify(int etc, const char *path, bool follow, char *to, size_t size, time_t *changed)
{
    struct stat st;

    *changed = 0;
    if (fstatat(etc, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
        snprintf(to, size, "absent");
        return;
    }
    *changed = st.st_ctim.tv_sec;
    snprintf(to, size, "%o %u:%u %ju:%ju %jd %jd.%09ld %jd.%09ld", (unsigned)st.st_mode,
             (unsigned)st.st_uid, (unsigned)st.st_gid, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
             (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
             (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static void
list_one(struct listing *l, const char *path, bool follow)
{
    char state[256];
    time_t changed;

    identify(l->etc, path, follow, state, sizeof state, &changed);
    if (changed > l->newest)
        l->newest = changed;
    if (strpbrk(path, "\t\n") != NULL)
        l->fit = false;
    buf_printf(&l->text, "%c%s\t%s\n", follow ? '>' : '=', path, state);
}

/* Links need no line: whoever changes one changes its directory. */
static void
list_below(struct listing *l, const char *path, int depth)
{
    int fd = openat(l->etc, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(d)) != NULL) {
        cleanup_free char *inner = NULL;

        if (entry->d_type == DT_LNK || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        inner = xasprintf("%s/%s", path, entry->d_name);
        list_one(l, inner, false);
        if (depth < SKELETON_ETC_DEPTH)
            list_below(l, inner, depth + 1);
    }
    closedir(d);
}

/* Another program may have another list of what it copies; and nothing here waits for the disk, so
 * after a power failure the list may be whole and files of the copy empty. */
static void
list_program(struct buf *to)
{
    char state[256], boot[64];
    time_t changed;
    ssize_t n = oscall_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof boot);

    identify(AT_FDCWD, "/proc/self/exe", true, state, sizeof state, &changed);
    buf_printf(to, "sluice " SLUICE_VERSION " %s boot %.*s\n", state, n > 0 ? (int)n : 0, boot);
}

/* False where nobody could tell later whether it still holds. */
static bool
list_all(int etc, struct buf *to)
{
    struct listing l = {.etc = etc, .text = BUF_INIT, .fit = true};

    list_program(&l.text);
    list_one(&l, SKELETON_ETC_RESOLVED, true);
    for (size_t i = 0; skeleton_etc_copied[i] != NULL; i++) {
        list_one(&l, skeleton_etc_copied[i], false);
        list_below(&l, skeleton_etc_copied[i], 0);
    }
    buf_str(&l.text, STR("end\n"));
    buf_str(to, buf_view(&l.text));
    buf_done(&l.text);
    return l.fit && l.newest + UNSETTLED_S < time(NULL) && to->n < LIST_SIZE - 1;
}

static bool
line_holds(int etc, struct str line)
{
    char path[PATH_MAX], state[256];
    struct str name = str_cut(&line, '\t');
    time_t changed;

    if (name.n < 2 || name.n >= sizeof path || line.p == NULL)
        return false;
    memcpy(path, name.p + 1, name.n - 1);
    path[name.n - 1] = '\0';
    identify(etc, path, name.p[0] == '>', state, sizeof state, &changed);
    return str_is(line, state);
}

static bool
list_holds(int etc, int copy)
{
    cleanup_free char *text = xcalloc(1, LIST_SIZE);
    cleanup_buf struct buf program = BUF_INIT;
    ssize_t n = oscall_read_file(copy, LIST, text, LIST_SIZE);
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);

    list_program(&program);
    if (!str_starts(rest, buf_view(&program)))
        return false;
    rest = str_slice(rest, program.n, rest.n);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');

        if (str_is(line, "end"))
            return true;
        if (!line_holds(etc, line))
            return false;
    }
    return false;
}

/* Copies. */

/* The directory that the descriptor leads to still has its name. */
static bool
is_there(int directory, const char *name, int fd)
{
    struct stat named, open;

    return fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open) == 0 &&
           named.st_ino == open.st_ino;
}

static int
open_copy(int directory, const char *name, int lock)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && (flock(fd, lock | LOCK_NB) < 0 || !is_there(directory, name, fd)))
        close(TAKE_FD(fd));
    return fd;
}

/* Nobody else could have changed it, and it is what would be generated now. */
static bool
holds(int etc, int copy)
{
    struct stat st;

    return fstat(copy, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0022) == 0 &&
           list_holds(etc, copy);
}

/* Nobody else can put another in its place: it and all above it are ours or root's, and theirs
 * alone to change but for what is sticky. */
static bool
is_safe(int directory)
{
    cleanup_close int fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    struct stat st, root;

    if (stat("/", &root) < 0)
        return false;
    while (fd >= 0 && fstat(fd, &st) == 0) {
        int above;

        if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
            ((st.st_mode & 0022) != 0 && (st.st_mode & S_ISVTX) == 0))
            return false;
        if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
            return true;
        above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = above;
    }
    return false;
}

/* As the overlay will look it up: with no link and no mount on the way. */
static int
open_directory(const char *directory, char path[PATH_MAX])
{
    cleanup_close int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char link[32];
    ssize_t n;

    if (fd < 0 || !is_safe(fd))
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0)
        return -1;
    path[n] = '\0';
    return oscall_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
                          OSCALL_NO_XDEV | OSCALL_NO_SYMLINKS);
}

static bool
has_prefix(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

struct keptetc
keptetc_open(const char *directory, const char *etc)
{
    char path[PATH_MAX];
    cleanup_close int source = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = open_directory(directory, path);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct keptetc k = KEPTETC_NONE;
    struct dirent *entry;

    if (d == NULL && fd >= 0)
        close(fd);
    while (d != NULL && source >= 0 && k.lock < 0 && (entry = readdir(d)) != NULL) {
        int copy = has_prefix(entry->d_name) ? open_copy(fd, entry->d_name, LOCK_SH) : -1;

        if (copy >= 0 && holds(source, copy))
            k = (struct keptetc){copy, xasprintf("%s/%s/" TREE, path, entry->d_name)};
        else if (copy >= 0)
            close(copy);
    }
    if (d != NULL)
        closedir(d);
    return k;
}

void
keptetc_done(struct keptetc *k)
{
    if (k->lock >= 0)
        close(k->lock);
    free(k->tree);
    *k = KEPTETC_NONE;
}

/* Nobody else's: their maker is at work, or somebody uses them. */
static void
remove_stale(const char *directory, int source)
{
    DIR *d = opendir(directory);
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        cleanup_close int copy =
            has_prefix(entry->d_name) ? open_copy(dirfd(d), entry->d_name, LOCK_EX) : -1;
        cleanup_free char *path = xasprintf("%s/%s", directory, entry->d_name);

        if (copy >= 0 && !holds(source, copy))
            (void)droptree(path);
    }
    if (d != NULL)
        closedir(d);
}

static int
copy_tree(int source, int copy, struct err *e)
{
    cleanup_close int tree = -1;

    if (mkdirat(copy, TREE, 0755) < 0)
        return err_errno(e, "create '" TREE "'");
    tree = openat(copy, TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return tree < 0 ? err_errno(e, "open '" TREE "'")
                    : skeleton_etc_copy(source, tree, &(struct skeleton_how){.chown = false}, e);
}

static bool
write_list(int copy, struct str text)
{
    cleanup_close int fd = openat(copy, LIST, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
}

void
keptetc_make(const char *directory, const char *etc)
{
    cleanup_free char *name = xasprintf(PREFIX "%d", (int)getpid());
    cleanup_free char *path = xasprintf("%s/%s", directory, name);
    cleanup_close int source = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char ignored_path[PATH_MAX];
    cleanup_close int at = open_directory(directory, ignored_path);
    cleanup_close int copy = -1;
    cleanup_buf struct buf list = BUF_INIT;
    struct keptetc there;
    struct err ignored = ERR_INIT;

    if (source < 0 || at < 0 || flock(at, LOCK_EX | LOCK_NB) < 0)
        return; /* or somebody else makes one right now */
    there = keptetc_open(directory, etc);
    if (there.lock >= 0) {
        keptetc_done(&there);
        return;
    }
    remove_stale(directory, source);
    /* Listed before it is copied: what changes meanwhile is not as listed. */
    if (!list_all(source, &list) || mkdirat(at, name, 0755) < 0)
        return;
    copy = open_copy(at, name, LOCK_SH);
    if (copy < 0 || copy_tree(source, copy, &ignored) < 0 || !write_list(copy, buf_view(&list)))
        (void)droptree(path);
}
