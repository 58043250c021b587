/*
 * loopback - which ports of this machine's loopback device pods with an address of their own reach
 * as if they were theirs: those of the setting loopback_ports, and those of the proxies and package
 * indexes that Python pods are told of, since they would find nobody there otherwise.
 *
 * Pure; any thread.
 */
#ifndef CLI_LOOPBACK_H
#define CLI_LOOPBACK_H

#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

struct settings;

typedef VEC(uint32_t) loopback_ports;

/* `variables` ("NAME=value", ended by NULL) are the Python pods'.  *ret gets each port once. */
void loopback_find(const struct settings *s, const char *const *variables, loopback_ports *ret);

#endif
