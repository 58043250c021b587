#include "runner/process/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "io/file.h"

int
reclaim_directory(const char *init_path, const char *directory, struct err *e)
{
    char *const argv[] = {(char *)(uintptr_t)init_path, (char *)(uintptr_t) "--reclaim",
                          (char *)(uintptr_t)directory, NULL};
    int status = 0;
    pid_t pid;

    errno = posix_spawn(&pid, init_path, NULL, NULL, argv, environ);
    if (errno != 0)
        return err_errno(e, "start '%s'", init_path);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0
               ? 0
               : err_set(e, ERR_FORBIDDEN, "'%s': some of it belongs to other users", directory);
}

int
reclaim_and_remove(const char *init_path, const char *path, struct err *e)
{
    struct err first = ERR_INIT;

    if (file_remove_tree(AT_FDCWD, path, &first) == 0)
        return 0;
    if (geteuid() == 0 || first.code == ERR_TOOLARGE || reclaim_directory(init_path, path, e) < 0) {
        *e = first;
        return e->code;
    }
    return file_remove_tree(AT_FDCWD, path, e);
}
