/*
 * holding - what the spawner asks of holders: their namespaces.
 *
 * The spawner's thread.
 */
#ifndef INIT_HOLDING_H
#define INIT_HOLDING_H

struct err;

enum { HOLDING_USER, HOLDING_IPC, HOLDING_UTS, HOLDING_MNT, HOLDING_COUNT };

/* Descriptors of the namespaces of the holder in directory `dir`; the caller's.  ERR_UNAVAILABLE:
 * it is gone. */
int holding_ask(int dir, int ret[HOLDING_COUNT], struct err *e);
void holding_close(int namespaces[HOLDING_COUNT]);
/* An ordinary user's: the user namespace above those of the holders that live below `data_dir`; the
 * spawner that makes their pods' attempts has to stand in it.  -1: there are no holders. */
int holding_parent(const char *data_dir);

#endif
