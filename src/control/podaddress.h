/*
 * podaddress - which pod has which address of the pod network.
 *
 * An address is the pod's from its first intent, with which it is committed as status.podIP, until
 * its end is committed or its object is gone; so after a restart what runs still has the address
 * that is written.  Freed ones are given again as late as possible.
 *
 * Core thread.
 */
#ifndef CONTROL_PODADDRESS_H
#define CONTROL_PODADDRESS_H

#include <stdint.h>

#include "base/map.h"
#include "base/str.h"

struct podaddress {
    struct map of_pod; /* by uid: the address */
    struct map taken;  /* by address */
    uint32_t last;     /* that was given */
};

enum { PODADDRESS_TEXT = 16 };

/* The first that is given is the one after this: several servers of one machine begin at places of
 * their own, since they do not know of each other's pods. */
void podaddress_begin(struct podaddress *a, uint16_t at);
/* The pod's address, a new one at the first call; 0: all are in use. */
uint32_t podaddress_get(struct podaddress *a, struct str uid);
/* What status.podIP says; anything but a pod's address is ignored. */
void podaddress_restore(struct podaddress *a, struct str uid, const char *text);
void podaddress_release(struct podaddress *a, struct str uid);
void podaddress_done(struct podaddress *a);
void podaddress_format(uint32_t address, char text[PODADDRESS_TEXT]);

#endif
