/*
 * keptetc - an /etc for steps that is generated once and kept for later spawners.
 *
 * Generating one (skeleton_etc.h) takes longer than a short step.  So a copy stays in a directory
 * that only its owner can change, with a list of all that was copied and in which state:
 *
 *   <directory>/etc.<pid>/tree   the copy; the skeleton's etc refers to it, as overlayfs allows
 *                         list   program and boot, then each file and directory of the host's /etc
 *
 * As long as each of them is in that state (inode, mode, owner, size, times), the copy is what
 * would be generated now, so a step sees neither more nor less than without it.  What was changed
 * within the last seconds is not relied on, since a further change might leave the same times, nor
 * is a copy of an earlier boot, which a power failure may have left incomplete.
 *
 * Only where nobody else could put something in its place: all directories above it are root's or
 * the caller's.  A copy is locked, shared, by whoever uses or makes it; one that does not hold any
 * more is removed by the next that makes one, unless it is locked.  It has to lie in the file
 * system of /, with no mount on the way: the overlay looks it up there by its path. For the spawner
 * of real root, whose thread it runs in.
 */
#ifndef SANDBOX_KEPTETC_H
#define SANDBOX_KEPTETC_H

struct err;

struct keptetc {
    int lock;   /* the copy's directory; -1: there is none */
    char *tree; /* its tree, from / */
};
#define KEPTETC_NONE \
    (struct keptetc) \
    { \
        .lock = -1 \
    }

/* A copy that holds for the directory `etc`, or KEPTETC_NONE. */
struct keptetc keptetc_open(const char *directory, const char *etc);
void keptetc_done(struct keptetc *k);
/* Makes one, and removes those that do not hold.  Nobody waits for it: what fails is left out. */
void keptetc_make(const char *directory, const char *etc);

#endif
