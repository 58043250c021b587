/*
 * events - corev1 Events: what happened to an object, for `kubectl describe`.
 *
 * The same event (object, type, reason, message) within an hour is one object that counts, as long
 * as it is among the last thousand.  Events never cause a commit: they wait in memory and are
 * written along with a turn that commits anyway; those that a crash takes are lost, as upstream's
 * are.  They are kept for an hour.
 *
 * Core thread.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <stddef.h>

struct core;
struct events;
struct object;
struct objects;
struct turn;

/* Adds itself to the core. */
struct events *events_new(struct core *c, struct objects *os);
struct events *events_free(struct events *ev);

#define EVENT_NORMAL "Normal"
#define EVENT_WARNING "Warning"

/* `component` is who says it ("pod-controller"). */
void events_record(struct events *ev, struct turn *t, const struct object *about,
                   const char *component, const char *type, const char *reason, const char *fmt,
                   ...) __attribute__((format(printf, 7, 8)));

#endif
