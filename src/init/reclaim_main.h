/*
 * reclaim_main - gives an ordinary user back what steps made under other ids.
 *
 * Files of ids that newuidmap gave (sandbox/subids.h) are the user's to give, but not to remove:
 * only in a namespace that has those ids.  `sluice-init --reclaim DIRECTORY` enters one and makes
 * all below the directory its caller's.  Links are not followed, other file systems not entered.
 */
#ifndef INIT_RECLAIM_MAIN_H
#define INIT_RECLAIM_MAIN_H

/* The exit code of the process: 0, or 1 after a sentence on stderr. */
int reclaim_main(const char *directory);

#endif
