/*
 * capability - the kernel's capabilities by name, and the set that a step has.
 *
 * The usual set is what container engines give by default: CHOWN, DAC_OVERRIDE, FOWNER, FSETID,
 * KILL, MKNOD, NET_BIND_SERVICE, NET_RAW, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT,
 * AUDIT_WRITE. Pure; any thread.
 */
#ifndef SANDBOX_CAPABILITY_H
#define SANDBOX_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

uint64_t capability_usual(void);
/* "SYS_PTRACE", "CAP_SYS_PTRACE" or "ALL", any case; *ret is a mask.  False: unknown. */
bool capability_from_name(struct str name, uint64_t *ret);

/* Takes all but those in `mask` away from this process; none is inherited.  -1 and errno. */
int capability_limit(uint64_t mask);

/* Init keeps what the payload must never have, whatever its specification says. */
uint64_t capability_never(void);

#endif
