#include "runner/images.h"

#include <fnmatch.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"

static const struct image_rule builtin[] = {
    {"alpine", IMAGE_HOST, NULL}, {"busybox", IMAGE_HOST, NULL}, {"bash", IMAGE_HOST, NULL},
    {"debian", IMAGE_HOST, NULL}, {"ubuntu", IMAGE_HOST, NULL},  {"python", IMAGE_PYTHON, NULL},
};

/* The reference without the registry and folder that everybody omits. */
static struct str
familiar(struct str image)
{
    static const char *const prefixes[] = {"index.docker.io/", "docker.io/", "library/"};

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_starts(image, str_of(prefixes[i])))
            image = str_slice(image, strlen(prefixes[i]), image.n);
    return image;
}

/* Splits "name:tag@digest"; the tag may be absent.  A colon before the last slash is a port's. */
static struct str
split_tag(struct str image, struct str *tag)
{
    ptrdiff_t at = str_find_char(image, '@', 0);

    *tag = STR_NULL;
    if (at >= 0)
        image = str_slice(image, 0, (size_t)at);
    for (size_t i = image.n; i > 0 && image.p[i - 1] != '/'; i--)
        if (image.p[i - 1] == ':') {
            *tag = str_slice(image, i, image.n);
            return str_slice(image, 0, i - 1);
        }
    return image;
}

static bool
glob(const char *pattern, struct str text)
{
    cleanup_free char *copy = str_dup(text);

    return fnmatch(pattern, copy, FNM_NOESCAPE) == 0;
}

/* Whether a pattern covers the image. */
static bool
images_match(const char *pattern, struct str image)
{
    struct str tag, pattern_tag, name = split_tag(familiar(image), &tag);

    if (glob(pattern, image) || glob(pattern, familiar(image)))
        return true;
    split_tag(str_of(pattern), &pattern_tag);
    return pattern_tag.p == NULL && glob(pattern, name);
}

/* "3.9" of "3.9.18-slim-bullseye"; NULL if the tag begins with no number. */
static const char *
version_of(struct str tag, struct arena *a)
{
    size_t n = 0;

    while (n < tag.n && ((tag.p[n] >= '0' && tag.p[n] <= '9') || tag.p[n] == '.'))
        n++;
    while (n > 0 && tag.p[n - 1] == '.')
        n--;
    return n > 0 ? str_dup_arena(a, str_slice(tag, 0, n)) : NULL;
}

static const struct image_rule *
find(const struct image_rule *rules, size_t n, struct str image)
{
    for (size_t i = 0; i < n; i++)
        if (images_match(rules[i].pattern, image))
            return &rules[i];
    return NULL;
}

int
images_resolve(const struct image_rules *rules, struct str image, struct arena *a,
               struct image *ret, struct err *e)
{
    const struct image_rule *rule = find(rules->at, rules->n, image);
    struct str tag;

    if (rule == NULL)
        rule = find(builtin, ARRAY_LEN(builtin), image);
    if (rule == NULL)
        return err_set(e, ERR_NOTFOUND,
                       "image \"%.*s\" cannot be had here: no rule says what stands in for it; "
                       "name one with `sluice image alias %.*s TARGET` (host, a directory, or "
                       "python)",
                       STR_ARG(image), STR_ARG(image));
    split_tag(image, &tag);
    *ret = (struct image){.kind = rule->kind, .target = rule->target};
    if (rule->kind == IMAGE_PYTHON && rule->target == NULL)
        ret->target = version_of(tag, a);
    ret->description = rule->kind == IMAGE_HOST ? "host"
                       : rule->kind == IMAGE_DIRECTORY
                           ? arena_printf(a, "directory %s", rule->target)
                           : arena_printf(a, "python %s", ret->target != NULL ? ret->target : "");
    return 0;
}
