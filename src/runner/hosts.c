#include "runner/hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "io/file.h"

enum { MAX_BYTES = 256 * 1024 };

static bool
is_address(struct str text)
{
    cleanup_free char *copy = str_dup(text);
    unsigned char bytes[16];

    return copy != NULL &&
           (inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1);
}

static bool
is_name(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.'))
            return false;
    }
    return text.n > 0 && text.n <= 253;
}

static int
add_alias(struct buf *b, size_t at, const struct json *alias, struct err *e)
{
    struct str ip = json_str(json_get(alias, "ip"));

    if (!is_address(ip))
        return err_set(e, ERR_INVALID,
                       "spec.hostAliases[%zu].ip: Invalid value: \"%.*s\": must be a valid IP "
                       "address",
                       at, STR_ARG(ip));
    buf_str(b, ip);
    JSON_EACH (name, json_get(alias, "hostnames")) {
        if (!is_name(json_str(name.value)))
            return err_set(e, ERR_INVALID,
                           "spec.hostAliases[%zu].hostnames[%zu]: Invalid value: \"%.*s\": must "
                           "consist of letters, digits, '-' and '.'",
                           at, name.index, STR_ARG(json_scalar_text(name.value)));
        buf_char(b, '\t');
        buf_str(b, json_str(name.value));
    }
    buf_char(b, '\n');
    return 0;
}

int
hosts_text(const struct json *pod, const char *names, struct arena *a, struct str *ret,
           struct err *e)
{
    const struct json *aliases = json_at_path(pod, "spec.hostAliases");
    cleanup_buf struct buf b = BUF_INIT;
    struct err ignored = ERR_INIT;

    *ret = STR_NULL;
    if (json_count(aliases) == 0 && names == NULL)
        return 0;
    if (file_read(AT_FDCWD, "/etc/hosts", MAX_BYTES, &b, &ignored) < 0) {
        buf_clear(&b);
        buf_cstr(&b, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    }
    if (b.n > 0 && b.p[b.n - 1] != '\n')
        buf_char(&b, '\n');
    if (names != NULL)
        buf_cstr(&b, names);
    if (json_count(aliases) > 0)
        buf_cstr(&b, "\n# Entries added by HostAliases.\n");
    JSON_EACH (it, aliases) {
        if (add_alias(&b, it.index, it.value, e) < 0)
            return e->code;
    }
    *ret = str_of(str_dup_arena(a, buf_view(&b)));
    return 0;
}

int
hosts_write(const char *path, struct str text, struct err *e)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    cleanup_buf struct buf b = BUF_INIT;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || fchmod(fd, 0644) < 0)
        return err_errno(e, "'%s'", path);
    buf_str(&b, text);
    while (b.n < (size_t)st.st_size)
        buf_char(&b, '\n');
    if (pwrite(fd, b.p, b.n, 0) != (ssize_t)b.n || ftruncate(fd, (off_t)text.n) < 0)
        return err_errno(e, "'%s'", path);
    return 0;
}
