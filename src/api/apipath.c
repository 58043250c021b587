#include "api/apipath.h"

#include "base/arena.h"
#include "http/request.h"

enum { MAX_SEGMENTS = 10 };

struct segments {
    struct str at[MAX_SEGMENTS];
    size_t n, next;
};

static bool
split(struct arena *a, struct str path, struct segments *ret)
{
    if (path.n > 0 && path.p[0] == '/')
        path = str_slice(path, 1, path.n);
    while (path.p != NULL) {
        struct str raw = str_cut(&path, '/');

        if (raw.n == 0 && path.p == NULL)
            break; /* a slash at the end names the same */
        if (ret->n == MAX_SEGMENTS)
            return false;
        ret->at[ret->n] = request_decode(a, raw, false);
        if (ret->at[ret->n++].p == NULL)
            return false;
    }
    return true;
}

static struct str
next(struct segments *s)
{
    return s->next < s->n ? s->at[s->next++] : STR_NULL;
}

static bool
is_next(const struct segments *s, const char *word)
{
    return s->next < s->n && str_is(s->at[s->next], word);
}

/* "namespaces" is a kind and a place: /namespaces/N/status is the Namespace's. */
static bool
names_a_place(const struct segments *s)
{
    return is_next(s, "namespaces") && s->n - s->next > 2 &&
           !(s->n - s->next == 3 &&
             (str_is(s->at[s->next + 2], "status") || str_is(s->at[s->next + 2], "finalize")));
}

static void
read_objects(struct segments *s, struct apipath *ret)
{
    ret->what = APIPATH_OBJECTS;
    if (is_next(s, "watch")) {
        ret->watch = true;
        (void)next(s);
    }
    if (names_a_place(s)) {
        (void)next(s);
        ret->ns = next(s);
    }
    ret->plural = next(s);
    ret->name = next(s);
    ret->subresource = next(s);
    if (s->next < s->n || ret->plural.p == NULL)
        ret->what = APIPATH_BROKEN;
}

void
apipath_parse(struct arena *a, struct str path, struct apipath *ret)
{
    struct segments s = {.n = 0};
    bool core;

    *ret = (struct apipath){.what = APIPATH_BROKEN};
    if (!split(a, path, &s))
        return;
    core = is_next(&s, "api");
    ret->what = APIPATH_OTHER;
    if (!core && !is_next(&s, "apis"))
        return;
    (void)next(&s);
    ret->what = core ? APIPATH_CORE : APIPATH_GROUPS;
    ret->group = core ? STR("") : next(&s);
    if (ret->group.p == NULL)
        return;
    ret->version = next(&s);
    if (ret->version.p == NULL) {
        ret->what = core ? APIPATH_CORE : APIPATH_GROUP;
        return;
    }
    ret->what = APIPATH_VERSION;
    if (s.next < s.n)
        read_objects(&s, ret);
}
