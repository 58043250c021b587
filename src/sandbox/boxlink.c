#include "sandbox/boxlink.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxspec.h"

/* Whether `path` is a link to exactly `target`. */
static bool
points_to(const char *path, const char *target)
{
    char found[PATH_MAX];
    ssize_t n = readlink(path, found, sizeof found);

    return n >= 0 && (size_t)n == strlen(target) && memcmp(found, target, (size_t)n) == 0;
}

static int
make_parents(const char *path, struct err *e)
{
    cleanup_free char *copy = xstrdup(path);

    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            return err_errno(e, "create the directory '%s'", copy);
        *slash = '/';
    }
    return 0;
}

static int
make_one(const struct box_link *l, struct err *e)
{
    if (make_parents(l->path, e) < 0)
        return e->code;
    if (symlink(l->target, l->path) == 0)
        return 0;
    if (errno != EEXIST)
        return err_errno(e, "link '%s' to '%s'", l->path, l->target);
    if (points_to(l->path, l->target))
        return 0;
    return err_set(e, ERR_EXISTS,
                   "'%s' exists with other content: without isolation the step needs this path for "
                   "itself; move it away",
                   l->path);
}

int
boxlink_make(const struct box_link *links, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (make_one(&links[i], e) < 0) {
            boxlink_remove(links, i);
            return e->code;
        }
    }
    return 0;
}

void
boxlink_remove(const struct box_link *links, size_t n)
{
    while (n-- > 0) {
        if (points_to(links[n].path, links[n].target))
            unlink(links[n].path);
    }
}
