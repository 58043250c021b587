/*
 * spawner_main - the server's small single-threaded child that makes namespaces and mounts.
 *
 * Talks over descriptor 3 (boxmsg.h).  When the server is gone it ends quietly; when it dies itself
 * the server starts another.  What it has started goes on in either case.
 */
#ifndef INIT_SPAWNER_MAIN_H
#define INIT_SPAWNER_MAIN_H

/* The exit code of the process. */
int spawner_main(void);

#endif
