#include "init/netcall_memory.h"

#include <errno.h>
#include <string.h>

static void
drop(struct netcall_memory_list *l, size_t i)
{
    memmove(l->at + i, l->at + i + 1, (--l->n - i) * sizeof l->at[0]);
}

static void
add(struct netcall_memory_list *l, struct netcall_memory_entry answer)
{
    if (l->n == NETCALL_MEMORY_MAX)
        drop(l, 0);
    l->at[l->n++] = answer;
}

void
netcall_memory_untaken(struct netcall_memory *m, struct netcall_memory_entry answer)
{
    add(&m->untaken, answer);
}

bool
netcall_memory_take(struct netcall_memory *m, struct netcall_memory_entry *call)
{
    for (size_t i = m->untaken.n; i-- > 0;) {
        const struct netcall_memory_entry *at = &m->untaken.at[i];

        if (at->socket != call->socket || at->kind != call->kind)
            continue;
        call->result = at->result;
        drop(&m->untaken, i);
        return true;
    }
    return false;
}

/* What a repetition comes to where the call before it came to this; 0: nothing that tells. */
static long
sign_of_repetition(enum netcall_kind kind, long before)
{
    if (kind == NETCALL_CONNECT && before == 0)
        return -EISCONN;
    if (kind == NETCALL_CONNECT && before == -EINPROGRESS)
        return -EALREADY;
    return kind == NETCALL_BIND && before == 0 ? -EINVAL : 0;
}

void
netcall_memory_sent(struct netcall_memory *m, struct netcall_memory_entry answer)
{
    if (sign_of_repetition(answer.kind, answer.result) != 0)
        add(&m->sent, answer);
}

long
netcall_memory_correct(struct netcall_memory *m, struct netcall_memory_entry answer)
{
    for (size_t i = m->sent.n; i-- > 0;) {
        const struct netcall_memory_entry at = m->sent.at[i];

        if (at.socket != answer.socket || at.kind != answer.kind || at.thread != answer.thread)
            continue;
        drop(&m->sent, i);
        return sign_of_repetition(at.kind, at.result) == answer.result ? at.result : answer.result;
    }
    return answer.result;
}
