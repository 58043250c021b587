/*
 * probe_recall - a short run need not try again what was tried minutes ago.
 *
 * Trying (probe.h) takes a short run longer than its step.  So when everything that the best level
 * needs was found, a file says under which circumstances: boot, program, ids, capabilities,
 * filters, security profile, sysctls, namespaces, mounts and file systems.  As long as all of these
 * are the same, all of it is taken as found.  What was refused is never recalled: somebody may be
 * mending it. Processes below a filter of their own neither write nor believe the file, since
 * nobody can tell filters apart.
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_PROBE_RECALL_H
#define SANDBOX_PROBE_RECALL_H

#include <stdbool.h>
#include <stdint.h>

struct probe;

/* As probe_run() with everything found; false if `file` does not say so for here and now. */
bool probe_recall(struct probe *p, const char *file, const char *data_dir, uint32_t id_base);
/* After probe_run().  What cannot be written is tried again by the next. */
void probe_remember(const struct probe *p, const char *file, const char *data_dir,
                    uint32_t id_base);
/* Something that was recalled did not work. */
void probe_forget(const char *file);

#endif
