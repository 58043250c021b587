#include "runner/process/usertasks.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"

/* Of /proc/PID/stat: the eighteenth field behind the name in parentheses, which may hold anything.
 */
static size_t
threads_of(int proc, const char *pid)
{
    enum { FIELD = 18 };
    cleanup_free char *path = xasprintf("%s/stat", pid);
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    const char *behind;
    struct str rest, field = STR("");
    int64_t n;

    if (file_read(proc, path, 4096, &text, &e) < 0)
        return 0;
    behind = memrchr(text.p, ')', text.n);
    if (behind == NULL || behind + 2 > text.p + text.n)
        return 0;
    rest = str_make(behind + 2, (size_t)(text.p + text.n - behind - 2));
    for (int i = 0; i < FIELD; i++)
        field = str_cut(&rest, ' ');
    return str_to_int(field, &n) && n > 0 ? (size_t)n : 0;
}

size_t
usertasks_count(uid_t user)
{
    DIR *proc = opendir("/proc");
    size_t count = 0;
    struct stat st;

    for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            fstatat(dirfd(proc), entry->d_name, &st, 0) == 0 && st.st_uid == user)
            count += threads_of(dirfd(proc), entry->d_name);
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}
