/*
 * idrange - the user ids outside that a namespace's pods have, one range for each namespace.
 *
 * Ranges lie from 0x70000000 up: above those of /etc/subuid's usual entries and of systemd's
 * containers (0x00080000-0x6fffffff, systemd's UIDS-GIDS document), below 2^31, which some file
 * systems cannot hold.  Recorded in the store, so that files on disk keep their owner.
 *
 * Core thread, in a turn.
 */
#ifndef CONTROL_IDRANGE_H
#define CONTROL_IDRANGE_H

#include <stdint.h>

#include "base/str.h"

struct db;
struct err;

enum { IDRANGE_COUNT = 65536 };
#define IDRANGE_FIRST UINT32_C(0x70000000)
/* The last range is nobody's: abilities are probed with it. */
#define IDRANGE_PROBE UINT32_C(0x7ffe0000)

/* The first id of the namespace's range; taken if it has none yet.  ERR_FULL when all are taken. */
int idrange_get(struct db *d, struct str ns, uint32_t *ret, struct err *e);

#endif
