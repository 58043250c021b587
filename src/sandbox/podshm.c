#include "sandbox/podshm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxmount.h"
#include "sandbox/boxspec.h"
#include "sandbox/hostroot.h"

#define DEFAULT_SHM (UINT64_C(64) * 1024 * 1024)

uint64_t
podshm_size(const struct boxspec *s)
{
    if (s->shm_bytes != 0)
        return s->shm_bytes;
    return s->memory_bytes != 0 ? s->memory_bytes / 2 : DEFAULT_SHM;
}

int
podshm_open(const struct hostroot *h, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/at", h->layers);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? err_errno(e, "open '%s'", path) : fd;
}

int
podshm_hold(int place, const struct boxspec *s, struct err *e)
{
    char bytes[32];
    const struct boxmount_option options[] = {{"mode", "1777"}, {"size", bytes}};
    cleanup_close int mount = -1;

    snprintf(bytes, sizeof bytes, "%" PRIu64, podshm_size(s));
    mount =
        boxmount_new("tmpfs", options, ARRAY_LEN(options), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
    if (mount < 0 || boxmount_attach(mount, place, e) < 0)
        return err_wrap(e, "the pod's /dev/shm");
    return 0;
}

int
podshm_take(const struct hostroot *h, struct err *e)
{
    cleanup_close int place = podshm_open(h, e);
    int mount = place < 0 ? -1 : boxmount_clone(place, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, -1, e);

    return mount < 0 ? err_wrap(e, "the pod's /dev/shm") : mount;
}
