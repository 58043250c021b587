#include "sandbox/skeleton_etc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/skeleton.h"

enum { MAX_FILE = 4 * 1024 * 1024 };

/* Directories of links that everybody may read, several hundred on many machines. */
static const char *const linked[] = {"alternatives"};

/* Allow list.  resolv.conf and hosts are what a step has when its specification brings none. */
const char *const skeleton_etc_copied[] = {"bash.bashrc",
                                           "ca-certificates",
                                           "ca-certificates.conf",
                                           "crypto-policies",
                                           "debian_version",
                                           "environment.d",
                                           "fonts",
                                           "gai.conf",
                                           "host.conf",
                                           "hosts",
                                           "inputrc",
                                           "java",
                                           "ld.so.cache",
                                           "ld.so.conf",
                                           "ld.so.conf.d",
                                           "locale.alias",
                                           "locale.conf",
                                           "localtime",
                                           "magic",
                                           "magic.mime",
                                           "mime.types",
                                           "networks",
                                           "nsswitch.conf",
                                           "OpenCL",
                                           "openmpi",
                                           "os-release",
                                           "perl",
                                           "pki/ca-trust",
                                           "pki/tls",
                                           "profile",
                                           "protocols",
                                           "python",
                                           "python3",
                                           "redhat-release",
                                           "resolv.conf",
                                           "rpc",
                                           "services",
                                           "ssl/certs",
                                           "ssl/openssl.cnf",
                                           "ssl/cert.pem",
                                           "terminfo",
                                           "timezone",
                                           "xattr.conf",
                                           NULL};

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                             "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
                             "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
                             "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
                             "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
                             "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
static const char group[] = "root:x:0:\n"
                            "daemon:x:1:\n"
                            "bin:x:2:\n"
                            "sys:x:3:\n"
                            "tty:x:5:\n"
                            "mail:x:8:\n"
                            "www-data:x:33:\n"
                            "users:x:100:\n"
                            "nogroup:x:65534:\n";

static int
own_fd(int fd, const struct skeleton_how *how)
{
    return how->chown ? fchown(fd, how->owner, how->owner) : 0;
}

static int
write_text(int dirfd, const char *name, const char *text, const struct skeleton_how *how)
{
    cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return -1;
    return own_fd(fd, how);
}

static void
copy_file(int from, int to, const char *name, const struct stat *st, const struct skeleton_how *how)
{
    cleanup_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_close int out = -1;
    off_t left = st->st_size;

    if (in < 0)
        return;
    out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 0555);
    while (out >= 0 && left > 0) {
        ssize_t n = sendfile(out, in, NULL, (size_t)left);

        if (n <= 0)
            break;
        left -= n;
    }
    if (out >= 0)
        (void)own_fd(out, how);
}

static void copy_entry(int from, int to, const char *name, unsigned char type,
                       const struct skeleton_how *how, int depth);

static void
copy_directory(int from, int to, const char *name, const struct skeleton_how *how, int depth)
{
    int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_close int out = -1;
    struct dirent *entry;
    DIR *d = in >= 0 ? fdopendir(in) : NULL;

    if (d == NULL) {
        if (in >= 0)
            close(in);
        return;
    }
    if (mkdirat(to, name, 0755) == 0 || errno == EEXIST)
        out = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out >= 0)
        (void)own_fd(out, how);
    while (out >= 0 && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            copy_entry(in, out, entry->d_name, entry->d_type, how, depth + 1);
    }
    closedir(d);
}

static void
copy_link(int from, int to, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(from, name, target, sizeof target - 1);

    if (n >= 0) {
        target[n] = '\0';
        (void)symlinkat(target, to, name);
    }
}

/* Whatever cannot be copied is left out: programs are used to a sparse /etc.  Most entries are
 * links, of which the directory has told the type. */
static void
copy_entry(int from, int to, const char *name, unsigned char type, const struct skeleton_how *how,
           int depth)
{
    struct stat st;

    if (depth > SKELETON_ETC_DEPTH ||
        (type != DT_LNK && fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0))
        return;
    if (type == DT_LNK || S_ISLNK(st.st_mode)) {
        copy_link(from, to, name);
    } else if (S_ISDIR(st.st_mode)) {
        if (st.st_mode & S_IXOTH)
            copy_directory(from, to, name, how, depth);
    } else if (S_ISREG(st.st_mode) && st.st_mode & S_IROTH && st.st_size <= MAX_FILE) {
        copy_file(from, to, name, &st, how);
    }
}

/* A link out of the listed directories (resolv.conf into /run) is replaced by its content. */
static void
copy_resolved(int from, int to, const char *name, const struct skeleton_how *how)
{
    cleanup_close int in = openat(from, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cleanup_close int out = -1;
    struct stat st;

    if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        return;
    out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out >= 0) {
        (void)!sendfile(out, in, NULL, (size_t)st.st_size);
        (void)own_fd(out, how);
    }
}

/* "ssl/certs": its parent is made, so that its siblings (ssl/private) are not. */
static void
copy_path(int etc, int to, const char *path, const struct skeleton_how *how)
{
    const char *slash = strchr(path, '/');
    cleanup_free char *parent = slash != NULL ? xstrndup(path, (size_t)(slash - path)) : NULL;
    cleanup_close int from_parent = -1, to_parent = -1;

    if (slash == NULL) {
        copy_entry(etc, to, path, DT_UNKNOWN, how, 0);
        return;
    }
    from_parent = openat(etc, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from_parent < 0 || (mkdirat(to, parent, 0755) < 0 && errno != EEXIST))
        return;
    to_parent = openat(to, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to_parent >= 0) {
        (void)own_fd(to_parent, how);
        copy_entry(from_parent, to_parent, slash + 1, DT_UNKNOWN, how, 1);
    }
}

/* Whether the directory holds links, and files that everybody may read, and lies in the host's root
 * file system: then a layer above that one can refer to it. */
static bool
can_refer(int etc, const char *name)
{
    int in = openat(etc, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = in >= 0 ? fdopendir(in) : NULL;
    struct stat st, root;
    struct dirent *entry;
    bool can;

    if (d == NULL) {
        if (in >= 0)
            close(in);
        return false;
    }
    can = fstat(in, &st) == 0 && stat("/", &root) == 0 && st.st_dev == root.st_dev &&
          (st.st_mode & 0005) == 0005;
    while (can && (entry = readdir(d)) != NULL) {
        if (entry->d_type == DT_LNK || entry->d_name[0] == '.')
            continue;
        can = entry->d_type == DT_REG &&
              fstatat(in, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mode & S_IROTH;
    }
    closedir(d);
    return can;
}

/* An overlay takes the content from there: https://docs.kernel.org/filesystems/overlayfs.html,
 * redirect_dir.  To copy the links would take longer than all the rest. */
static bool
refer(int etc, int to, const char *name, const struct skeleton_how *how)
{
    cleanup_free char *path = xasprintf("/etc/%s", name);
    cleanup_close int dir = -1;

    if (!how->refer || !can_refer(etc, name) || mkdirat(to, name, 0755) < 0)
        return false;
    dir = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0 && own_fd(dir, how) == 0 &&
        fsetxattr(dir, "trusted.overlay.redirect", path, strlen(path), 0) == 0)
        return true;
    (void)unlinkat(to, name, AT_REMOVEDIR);
    return false;
}

int
skeleton_etc_copy(int etc, int dirfd, const struct skeleton_how *how, struct err *e)
{
    if (write_text(dirfd, "passwd", passwd, how) < 0 || write_text(dirfd, "group", group, how) < 0)
        return err_errno(e, "write etc/passwd and etc/group");
    copy_resolved(etc, dirfd, SKELETON_ETC_RESOLVED, how);
    for (size_t i = 0; skeleton_etc_copied[i] != NULL; i++)
        copy_path(etc, dirfd, skeleton_etc_copied[i], how);
    return 0;
}

int
skeleton_etc(int dirfd, const struct skeleton_how *how, struct err *e)
{
    cleanup_close int etc = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (etc < 0)
        return err_errno(e, "open '/etc'");
    for (size_t i = 0; i < ARRAY_LEN(linked); i++)
        if (!refer(etc, dirfd, linked[i], how))
            copy_path(etc, dirfd, linked[i], how);
    return how->kept_etc != NULL ? 0 : skeleton_etc_copy(etc, dirfd, how, e);
}
