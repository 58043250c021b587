/*
 * keeper_save - copies declared outputs to the outbox, from inside.
 *
 * The command is gone, so nothing changes under the copy.  Paths are resolved where the command
 * resolved them, in its root and with its file rights: a link to a host file leads to what the
 * command itself could read there, or nowhere.  The named path is followed; inside a tree links are
 * copied as links; devices, sockets and pipes are left out.  A tree that passes a limit is not
 * saved at all.
 *
 * Init's thread.
 */
#ifndef INIT_KEEPER_SAVE_H
#define INIT_KEEPER_SAVE_H

#include <stdint.h>

#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"

struct arena;

struct keeper_save {
    int outbox;
    uint32_t uid, gid;   /* whose file rights; as seen by this process */
    bool switch_ids;     /* false: this process has no others */
    uint64_t left;       /* bytes that all outputs together may still have */
    struct arena *arena; /* of the result's text */
};

/* Never fails: what could not be saved says why. */
struct box_saved keeper_save(struct keeper_save *s, const struct box_output *o);

#endif
