/*
 * bare_spawn - the floor of a step: one isolated process and nothing else.
 *
 * The namespaces, mounts, group and file system that a step gets, made by the same functions, then
 * /bin/true in place of an init: no spawner to ask, no records, no log.  Needs root; the process
 * moves into a mount namespace of its own.
 */
#ifndef TESTS_BENCH_BARE_SPAWN_H
#define TESTS_BENCH_BARE_SPAWN_H

struct bare_spawn;

/* Makes `dir`, which must not exist, and prepares the layers in it.  Ends the program on failure.
 */
struct bare_spawn *bare_spawn_open(const char *dir);
/* Starts one and waits for its end.  A void pointer, so that it can be a run_pair_fn. */
void bare_spawn_once(void *bare);
void bare_spawn_close(struct bare_spawn *b);

#endif
