/*
 * scratch - files for fuzzers of what is read from files.
 *
 * One directory for each process, in memory where the machine has such a file system, removed when
 * the process exits.
 */
#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Its descriptor and its path. */
int scratch_dir(void);
const char *scratch_path(void);

/* A file there with this content, in place of the one before. */
void scratch_write(const char *name, const uint8_t *data, size_t size);

#endif
