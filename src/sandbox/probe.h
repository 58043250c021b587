/*
 * probe - what this machine lets us isolate, found by trying.
 *
 * The spawner probes when it starts and tells the server (READY in boxmsg.h): each ability by an
 * actual attempt, never by a kernel version.  SLUICE_DENY=name,name,... in the environment takes
 * abilities away, so that each fallback can be tested:
 *
 *   userns     user namespaces                          without: level none
 *   idmap      id-mapped mounts                         without: level user even for root
 *   overlay    overlay mounts                           without: host directories are read-only
 *   mountapi   fsopen, open_tree, move_mount            without: level none
 *   proc       a fresh /proc                            without: level none
 *   clone3     clone3                                   without: clone
 *   volatile   volatile overlays                        without: syncing ones
 *   cgroup     cgroups for memory, pids, cpu            without: rlimits only
 *   memory, pids, cpu   one controller
 *   openat2, closerange   the calls                     without: their older ways
 *   seccomp    system-call filters                      without: none is installed
 *   waitkill   interruption only by fatal signals while a supervisor works  (for the pod network)
 *   network    a supervisor of network calls        without: pods share the machine's addresses
 *   subids     an ordinary user's range of further ids  without: a step has one id  (tried when the
 *              spawner moves into its namespaces, by userns.h)
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_PROBE_H
#define SANDBOX_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/level.h"

struct err;
struct probe_finding;

#define PROBES(X) \
    X(PROBE_USERNS, "userns") \
    X(PROBE_IDMAP, "idmap") \
    X(PROBE_OVERLAY, "overlay") \
    X(PROBE_MOUNTAPI, "mountapi") \
    X(PROBE_PROC, "proc") \
    X(PROBE_CLONE3, "clone3") \
    X(PROBE_VOLATILE, "volatile") \
    X(PROBE_CGROUP, "cgroup") \
    X(PROBE_MEMORY, "memory") \
    X(PROBE_PIDS, "pids") \
    X(PROBE_CPU, "cpu") \
    X(PROBE_OPENAT2, "openat2") \
    X(PROBE_CLOSERANGE, "closerange") \
    X(PROBE_SECCOMP, "seccomp") \
    X(PROBE_WAITKILL, "waitkill") \
    X(PROBE_SUBIDS, "subids") \
    X(PROBE_NETWORK, "network")
#define PROBE_ID_(id, name) id,
enum probe_id { PROBES(PROBE_ID_) PROBE_COUNT };

enum { PROBE_TEXT = 256 };

struct probe {
    bool root; /* real user id 0 */
    bool denied[PROBE_COUNT];
    bool have[PROBE_COUNT];
    char text[PROBE_COUNT][PROBE_TEXT]; /* what was found and what follows */
    /* An attempt failed for want of memory, processes, descriptors or space: what `have` lacks may
     * be had at another time. */
    bool unsure;
};

const char *probe_name(enum probe_id id);
/* Reads a list as in SLUICE_DENY (NULL: empty).  ERR_INVALID naming an unknown word. */
int probe_deny(struct probe *p, const char *list, struct err *e);
/* What takes no child to try, and nothing found of the rest yet. */
void probe_begin(struct probe *p);
/* Then tries everything else that is not denied; groups are boxgroup_new()'s.  `data_dir` is where
 * the probing directories go, `id_base` a range to try (0: none).  Forks; nothing stays but the
 * directories. */
void probe_run(struct probe *p, const char *data_dir, uint32_t id_base);
/* Removes them.  Apart, because a file system may take its time to remove a directory (ext4 that
 * discards waits for the device), and nobody has to wait for that. */
void probe_tidy(const char *data_dir);
/* The best level that the findings allow, with a sentence in `why` on what stands in the way of the
 * next one ("" at full). */
enum level probe_best(const struct probe *p, char why[PROBE_TEXT]);

#endif
