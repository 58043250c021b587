#include "sandbox/probe_recall.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"

enum { FILE_SIZE = 64 * 1024 };

/* What the two children of probe_run() find; the rest costs nothing and is always tried. */
static const enum probe_id recalled[] = {PROBE_USERNS,   PROBE_CLONE3, PROBE_MOUNTAPI,
                                         PROBE_PROC,     PROBE_IDMAP,  PROBE_OVERLAY,
                                         PROBE_VOLATILE, PROBE_NETWORK};

/* Files of one line that decide about namespaces; most machines lack some. */
static const char *const decisive[] = {"/proc/sys/kernel/random/boot_id",
                                       "/proc/self/attr/current",
                                       "/proc/sys/user/max_user_namespaces",
                                       "/proc/sys/user/max_mnt_namespaces",
                                       "/proc/sys/user/max_pid_namespaces",
                                       "/proc/sys/kernel/unprivileged_userns_clone",
                                       "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"};

/* Lines of /proc/self/status. */
static const char *const status_lines[] = {"Uid:", "Groups:", "CapEff:", "CapBnd:", "NoNewPrivs:"};

static void
add_file(struct buf *to, const char *path, char *scratch)
{
    ssize_t n = oscall_read_file(AT_FDCWD, path, scratch, FILE_SIZE);

    buf_printf(to, "%s %.*s\n", path, n > 0 ? (int)n : 0, scratch);
}

/* A program by its time of change too; a namespace has none of its own. */
static void
add_identity(struct buf *to, const char *path, bool time)
{
    struct stat st;

    if (stat(path, &st) == 0)
        buf_printf(to, "%s %ju %ju %jd.%09ld\n", path, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
                   time ? (intmax_t)st.st_mtim.tv_sec : 0, time ? st.st_mtim.tv_nsec : 0);
}

static void
add_file_system(struct buf *to, const char *name, const char *path)
{
    struct statvfs fs;
    struct stat st;

    if (stat(path, &st) == 0 && statvfs(path, &fs) == 0)
        buf_printf(to, "%s %ju %lx\n", name, (uintmax_t)st.st_dev, fs.f_flag);
}

/* False below a filter. */
static bool
add_status(struct buf *to, char *scratch)
{
    ssize_t n = oscall_read_file(AT_FDCWD, "/proc/self/status", scratch, FILE_SIZE);
    struct str rest = str_make(scratch, n > 0 ? (size_t)n : 0);
    bool filtered = true;

    while (rest.p != NULL) {
        struct str line = str_cut(&rest, '\n');

        for (size_t i = 0; i < ARRAY_LEN(status_lines); i++)
            if (str_starts(line, str_of(status_lines[i])))
                buf_printf(to, "%.*s\n", STR_ARG(line));
        if (str_is(line, "Seccomp:\t0"))
            filtered = false;
    }
    return !filtered;
}

/* All that the findings may depend on; false where they depend on more. */
static bool
circumstances(struct buf *to, const char *data_dir, uint32_t id_base)
{
    cleanup_free char *scratch = xcalloc(1, FILE_SIZE);
    ssize_t n;

    buf_printf(to, "sluice " SLUICE_VERSION " base %" PRIu32 "\n", id_base);
    if (!add_status(to, scratch))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(decisive); i++)
        add_file(to, decisive[i], scratch);
    add_identity(to, "/proc/self/exe", true);
    add_identity(to, "/proc/self/ns/user", false);
    add_identity(to, "/proc/self/ns/mnt", false);
    add_file_system(to, "root", "/");
    add_file_system(to, "usr", "/usr");
    add_file_system(to, "data", data_dir);
    n = oscall_read_file(AT_FDCWD, "/proc/self/mountinfo", scratch, FILE_SIZE);
    if (n <= 0 || n == FILE_SIZE - 1)
        return false;
    buf_add(to, scratch, (size_t)n);
    return to->n < FILE_SIZE - 1;
}

static bool
is_denied(const struct probe *p)
{
    for (int i = 0; i < PROBE_COUNT; i++)
        if (p->denied[i])
            return true;
    return false;
}

/* Id-mapped mounts are root's. */
static bool
is_needed(const struct probe *p, enum probe_id id)
{
    return id != PROBE_IDMAP || p->root;
}

bool
probe_recall(struct probe *p, const char *file, const char *data_dir, uint32_t id_base)
{
    cleanup_free char *stored = xcalloc(1, FILE_SIZE);
    cleanup_buf struct buf now = BUF_INIT;
    ssize_t n = oscall_read_file(AT_FDCWD, file, stored, FILE_SIZE);

    if (n <= 0 || is_denied(p) || !circumstances(&now, data_dir, id_base) ||
        !str_eq(buf_view(&now), str_make(stored, (size_t)n)))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(recalled); i++) {
        enum probe_id id = recalled[i];

        p->have[id] = is_needed(p, id);
        snprintf(p->text[id], PROBE_TEXT, "%s: %s", probe_name(id),
                 p->have[id] ? "worked when it was tried last" : "needs root");
    }
    return true;
}

static void
make_parents(const char *file)
{
    cleanup_free char *path = xstrdup(file);

    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
}

void
probe_remember(const struct probe *p, const char *file, const char *data_dir, uint32_t id_base)
{
    cleanup_free char *fresh = xasprintf("%s.%d", file, (int)getpid());
    cleanup_buf struct buf now = BUF_INIT;
    cleanup_close int fd = -1;

    for (size_t i = 0; i < ARRAY_LEN(recalled); i++)
        if (is_needed(p, recalled[i]) && !p->have[recalled[i]])
            return;
    if (is_denied(p) || !circumstances(&now, data_dir, id_base))
        return;
    make_parents(file);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, now.p, now.n) != (ssize_t)now.n || rename(fresh, file) < 0)
        (void)unlink(fresh);
}

void
probe_forget(const char *file)
{
    (void)unlink(file);
}
