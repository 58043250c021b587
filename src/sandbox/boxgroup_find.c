#include "sandbox/boxgroup_find.h"

#include <fcntl.h>
#include <stdio.h>

#include "sandbox/oscall.h"

static bool
has_word(struct str list, char sep, struct str word)
{
    while (list.p != NULL) {
        if (str_eq(str_cut(&list, sep), word))
            return true;
    }
    return false;
}

/* A line of mountinfo: "36 35 98:0 /root /mount/point options [tags] - type source superoptions" */
static bool
parse_mount(struct str line, struct str *root, struct str *point, struct str *type,
            struct str *options)
{
    for (int i = 0; i < 3; i++)
        str_cut(&line, ' ');
    *root = str_cut(&line, ' ');
    *point = str_cut(&line, ' ');
    while (line.p != NULL && !str_eq(str_cut(&line, ' '), STR("-"))) {
    }
    *type = str_cut(&line, ' ');
    str_cut(&line, ' ');
    *options = line;
    return options->p != NULL;
}

/* Lines "N:controller,controller:/path"; v2's is "0::/path". */
static bool
own_group(struct str cgroup, const char *controller, bool v2, struct str *ret)
{
    while (cgroup.p != NULL) {
        struct str line = str_cut(&cgroup, '\n');
        struct str number = str_cut(&line, ':');
        struct str names = str_cut(&line, ':');

        if (line.p == NULL || number.n == 0)
            continue;
        if (v2 ? names.n == 0 : has_word(names, ',', str_of(controller))) {
            *ret = line;
            return true;
        }
    }
    return false;
}

bool
boxgroup_find_in(struct str mountinfo, struct str cgroup, const char *controller, bool v2,
                 char path[BOXGROUP_PATH])
{
    struct str group, root, point, type, options;

    if (!own_group(cgroup, controller, v2, &group))
        return false;
    while (mountinfo.p != NULL) {
        struct str line = str_cut(&mountinfo, '\n');
        int n;

        if (!parse_mount(line, &root, &point, &type, &options))
            continue;
        if (v2 ? !str_is(type, "cgroup2")
               : !str_is(type, "cgroup") || !has_word(options, ',', str_of(controller)))
            continue;
        /* Only what lies below the mounted root can be reached here. */
        if (!str_eq(root, STR("/"))) {
            if (!str_starts(group, root))
                continue;
            group = str_slice(group, root.n, group.n);
        }
        n = snprintf(path, BOXGROUP_PATH, "%.*s%.*s", STR_ARG(point), STR_ARG(group));
        return n > 0 && n < BOXGROUP_PATH;
    }
    return false;
}

static bool
v2_has(const char *path, const char *controller)
{
    char file[BOXGROUP_PATH + 32], text[1024];
    ssize_t n;

    snprintf(file, sizeof file, "%s/cgroup.controllers", path);
    n = oscall_read_file(AT_FDCWD, file, text, sizeof text);
    return n > 0 && has_word(str_trim(str_make(text, (size_t)n)), ' ', str_of(controller));
}

void
boxgroup_read(struct boxgroup_files *f)
{
    f->mounts[0] = f->groups[0] = '\0';
    (void)oscall_read_file(AT_FDCWD, "/proc/self/mountinfo", f->mounts, sizeof f->mounts);
    (void)oscall_read_file(AT_FDCWD, "/proc/self/cgroup", f->groups, sizeof f->groups);
}

bool
boxgroup_find(const struct boxgroup_files *f, const char *controller, char path[BOXGROUP_PATH],
              bool *v2, char why[BOXGROUP_PATH])
{
    struct str m = str_of(f->mounts), g = str_of(f->groups);

    *v2 = false;
    if (boxgroup_find_in(m, g, controller, false, path))
        return true;
    *v2 = true;
    if (boxgroup_find_in(m, g, controller, true, path) && v2_has(path, controller))
        return true;
    snprintf(why, BOXGROUP_PATH, "no hierarchy here has the controller '%s'", controller);
    return false;
}
