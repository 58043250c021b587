#include "sandbox/subids.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/oscall.h"

enum { FILE_SIZE = 64 * 1024, NAME_SIZE = 256 };

struct range {
    uint32_t first, count;
};

struct mapper {
    const char *program, *file;
    unsigned own;
    struct range range;
};

/* The user's name, from the file alone: this program is static, and the C library's services are
 * not.  "": it has none there. */
static void
find_name(uid_t uid, char name[NAME_SIZE])
{
    FILE *f = fopen("/etc/passwd", "re");
    struct passwd *p;

    name[0] = '\0';
    while (f != NULL && (p = fgetpwent(f)) != NULL) {
        if (p->pw_uid == uid) {
            snprintf(name, NAME_SIZE, "%s", p->pw_name);
            break;
        }
    }
    if (f != NULL)
        fclose(f);
}

static bool
take_number(struct str *rest, uint32_t *ret)
{
    cleanup_free char *text = str_dup(str_trim(str_cut(rest, ':')));
    char *end = text;
    unsigned long n = text != NULL ? strtoul(text, &end, 10) : 0;

    *ret = (uint32_t)n;
    return text != NULL && end != text && *end == '\0' && n <= UINT32_MAX;
}

/* The first line "name or id:first:count" that is the user's. */
static bool
find_range(const char *file, const char *name, uid_t uid, struct range *ret)
{
    cleanup_free char *text = NEW_ARRAY(char, FILE_SIZE);
    char number[16];
    struct str rest;

    if (oscall_read_file(AT_FDCWD, file, text, FILE_SIZE) <= 0)
        return false;
    snprintf(number, sizeof number, "%u", (unsigned)uid);
    rest = str_of(text);
    while (rest.p != NULL) {
        struct str line = str_cut(&rest, '\n'), who = str_cut(&line, ':');

        if ((str_is(who, number) || (*name != '\0' && str_is(who, name))) &&
            take_number(&line, &ret->first) && take_number(&line, &ret->count) && ret->count > 0)
            return true;
    }
    return false;
}

static _Noreturn void
call(const struct mapper *m, pid_t pid)
{
    char target[16], own[16], first[16], count[16];

    snprintf(target, sizeof target, "%d", (int)pid);
    snprintf(own, sizeof own, "%u", m->own);
    snprintf(first, sizeof first, "%" PRIu32, m->range.first);
    snprintf(count, sizeof count, "%" PRIu32, m->range.count);
    execl(m->program, m->program, target, "0", own, "1", "1", first, count, NULL);
    _exit(127);
}

/* Outside, while the parent waits inside. */
static _Noreturn void
map_from_outside(const struct mapper mappers[2], pid_t parent, int sync)
{
    char byte;
    int status;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (recv(sync, &byte, 1, 0) != 1)
        _exit(1);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();

        if (pid == 0)
            call(&mappers[i], parent);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (pid < 0 || status != 0)
            _exit(2 + i);
    }
    _exit(0);
}

int
subids_open(struct subids *s, struct err *e)
{
    struct mapper mappers[2] = {{"/usr/bin/newuidmap", "/etc/subuid", geteuid(), {0, 0}},
                                {"/usr/bin/newgidmap", "/etc/subgid", getegid(), {0, 0}}};
    char name[NAME_SIZE];
    pid_t parent = getpid();
    int pair[2];

    find_name(geteuid(), name);
    for (int i = 0; i < 2; i++) {
        if (access(mappers[i].program, X_OK) < 0)
            return err_errno(e, "%s", mappers[i].program);
        if (!find_range(mappers[i].file, name, geteuid(), &mappers[i].range))
            return err_set(e, ERR_NOTFOUND, "%s gives this user no range", mappers[i].file);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "socketpair");
    s->sync = pair[0];
    s->pid = fork();
    if (s->pid == 0) {
        close(pair[0]);
        map_from_outside(mappers, parent, pair[1]);
    }
    close(pair[1]);
    if (s->pid < 0) {
        err_errno(e, "fork");
        close(pair[0]);
        return e->code;
    }
    return 0;
}

int
subids_map(struct subids *s, struct err *e)
{
    int status = -1;

    (void)!send(s->sync, "g", 1, MSG_NOSIGNAL);
    close(s->sync);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0)
        return err_set(e, ERR_IO, "%s refuses",
                       WIFEXITED(status) && WEXITSTATUS(status) == 3 ? "newgidmap" : "newuidmap");
    return 0;
}

/* Ids 0.. without a gap in one of the maps. */
static uint32_t
count_in(const char *path)
{
    char text[4096], *at = text;
    uint32_t n = 0;

    if (oscall_read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return 0;
    for (;;) {
        unsigned long line[3]; /* inside, outside, count */
        int fields = 0;

        for (char *end = at; fields < 3; at = end) {
            line[fields] = strtoul(at, &end, 10);
            if (end == at)
                break;
            fields++;
        }
        if (fields < 3 || line[0] != n)
            return n;
        n += (uint32_t)line[2];
    }
}

uint32_t
subids_count(void)
{
    uint32_t uids = count_in("/proc/self/uid_map"), gids = count_in("/proc/self/gid_map");

    return uids < gids ? uids : gids;
}
