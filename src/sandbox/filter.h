/*
 * filter - the system calls that a step may make, compiled to the kernel's filter program.
 *
 * An allow list, as container engines have it: anything else answers EPERM, and calls that this
 * list has never heard of ENOSYS, so that programs fall back.  Compiled once, in the server, with
 * libseccomp; spawner and init only hand the bytes on.  Not part of sluice-init.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <stdbool.h>

struct err;

/* The program (an array of struct sock_filter) in a sealed memfd, for HELLO.  `network`: the one
 * under which a supervisor makes the calls that name addresses; without a supervisor they fail. */
int filter_memfd(bool network, struct err *e);

#endif
