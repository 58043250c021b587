/*
 * spareroot - root file systems that are made before somebody asks.
 *
 * The overlay is the slowest part of a step's root: its mount alone makes and removes half a dozen
 * files in the layers.  So the spawner makes the next one while it has nothing else to do, in
 *
 *   <data>/layers/upper.<pid>.<slot>, work.<pid>.<slot>
 *
 * below the tmpfs that the spawner has mounted there for itself (hostroot.h),
 * and whoever needs a root of that id range gets the mount, and its layers renamed into the
 * attempt's directory, as if they had been made there.  There is one spare for each of the ranges
 * that were asked for last.  Failing to make one is nobody's error: the attempt makes its own and
 * says why it cannot.
 *
 * Directories of spawners that are gone are removed by the next one.  The spawner's thread.
 */
#ifndef SANDBOX_SPAREROOT_H
#define SANDBOX_SPAREROOT_H

#include <stdbool.h>
#include <stdint.h>

struct hostroot;
struct spareroots;

/* `dir`: of <data>/layers as the file system below has it; taken over. */
struct spareroots *spareroots_new(int dir);
/* Removes what was not used. */
void spareroots_free(struct spareroots *s);

/* A root of the range as a detached mount, its layers in `dir`; -1: there is none, make one.  From
 * the second call on it asks for another. */
int spareroot_take(struct hostroot *h, uint32_t base, int dir);
/* Whether one has been asked for. */
bool spareroot_is_wanted(const struct hostroot *h);
/* Makes one of the range that was asked for last. */
void spareroot_make(struct hostroot *h);
/* Makes the first one of this range. */
void spareroot_begin(struct hostroot *h, uint32_t base);

#endif
