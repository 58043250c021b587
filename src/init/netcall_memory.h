/*
 * netcall_memory - answers that callers may not have got.
 *
 * Where the kernel has no WAIT_KILLABLE, a signal takes the caller out of a call that the
 * supervisor makes for it, and the call is made again.  The second must tell what the first came
 * to, or a connect that worked says EISCONN.  Two things happen:
 *
 *   untaken  the answer finds nobody waiting.  It is kept, and is that of the next such call on the
 *            socket, which is not made.
 *   sent     the kernel takes the answer and yet drops it, when the signal has already woken the
 *            caller (seccomp_do_user_notification leaves its wait before it takes the lock under
 *            which answers come).  Nobody is told.  So the next call is made, and where it finds
 *            its work done already, it was such a repetition: it gets the first answer.
 *
 * A program that itself repeats a call which worked gets the first answer once more too; no program
 * depends on the error.
 *
 * Whoever calls holds the owner's lock.
 */
#ifndef INIT_NETCALL_MEMORY_H
#define INIT_NETCALL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { NETCALL_MEMORY_MAX = 64 }; /* of each; the oldest goes first */

enum netcall_kind { NETCALL_BIND, NETCALL_CONNECT, NETCALL_LISTEN, NETCALL_SENDTO };

struct netcall_memory_entry {
    ino_t socket;
    enum netcall_kind kind;
    pid_t thread;
    long result; /* 0 or more, or -errno */
};

struct netcall_memory_list {
    struct netcall_memory_entry at[NETCALL_MEMORY_MAX];
    size_t n;
};

struct netcall_memory {
    struct netcall_memory_list untaken, sent;
};

void netcall_memory_untaken(struct netcall_memory *m, struct netcall_memory_entry answer);
/* Takes out the answer that nobody took; *result of `call` is set. */
bool netcall_memory_take(struct netcall_memory *m, struct netcall_memory_entry *call);
void netcall_memory_sent(struct netcall_memory *m, struct netcall_memory_entry answer);
/* What to answer to a call that has just come to `answer.result`: that, or what was sent before. */
long netcall_memory_correct(struct netcall_memory *m, struct netcall_memory_entry answer);

#endif
