#include "control/podaddress.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "sandbox/netmap.h"

/* Not the first and the last: x.y of 0.0 and 255.255. */
enum { ADDRESSES = 65534 };

static void
take(struct podaddress *a, struct str uid, uint32_t address)
{
    map_put(&a->of_pod, uid, (void *)(uintptr_t)address);
    map_put_u64(&a->taken, address, a);
    a->last = address;
}

void
podaddress_begin(struct podaddress *a, uint16_t at)
{
    a->last = NETMAP_PODS | at;
}

uint32_t
podaddress_get(struct podaddress *a, struct str uid)
{
    uint32_t had = (uint32_t)(uintptr_t)map_get(&a->of_pod, uid);
    uint32_t at = netmap_is_pod(a->last) ? a->last & ~NETMAP_MASK : 0;

    if (had != 0)
        return had;
    if (a->taken.n >= ADDRESSES)
        return 0;
    do
        at = at % ADDRESSES + 1;
    while (map_get_u64(&a->taken, NETMAP_PODS | at) != NULL);
    take(a, uid, NETMAP_PODS | at);
    return NETMAP_PODS | at;
}

void
podaddress_restore(struct podaddress *a, struct str uid, const char *text)
{
    struct in_addr raw;
    uint32_t address;

    if (inet_pton(AF_INET, text, &raw) != 1)
        return;
    address = ntohl(raw.s_addr);
    if (netmap_is_pod(address) && map_get(&a->of_pod, uid) == NULL &&
        map_get_u64(&a->taken, address) == NULL)
        take(a, uid, address);
}

void
podaddress_release(struct podaddress *a, struct str uid)
{
    uint32_t address = (uint32_t)(uintptr_t)map_remove(&a->of_pod, uid);

    if (address != 0)
        map_remove_u64(&a->taken, address);
}

void
podaddress_done(struct podaddress *a)
{
    map_done(&a->of_pod);
    map_done(&a->taken);
}

void
podaddress_format(uint32_t address, char text[PODADDRESS_TEXT])
{
    snprintf(text, PODADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
             address >> 8 & 0xff, address & 0xff);
}
