/*
 * apipath - what the path of an API request names.
 *
 *   /api, /apis, /apis/GROUP, /api/VERSION, /apis/GROUP/VERSION             discovery
 *   {prefix}[/namespaces/NAMESPACE]/PLURAL[/NAME[/SUBRESOURCE]]            objects
 *   {prefix}/watch/...                                                     the old way to watch
 *   /version, /healthz, /openapi/...                                       everything else
 *
 * where {prefix} is /api/VERSION for the core group, else /apis/GROUP/VERSION.  Segments are
 * percent-decoded into the caller's arena.  Pure; any thread.
 */
#ifndef API_APIPATH_H
#define API_APIPATH_H

#include <stdbool.h>

#include "base/str.h"

struct arena;

enum apipath_what {
    APIPATH_OTHER,   /* not below /api or /apis */
    APIPATH_CORE,    /* /api */
    APIPATH_GROUPS,  /* /apis */
    APIPATH_GROUP,   /* /apis/GROUP */
    APIPATH_VERSION, /* /api/VERSION, /apis/GROUP/VERSION */
    APIPATH_OBJECTS,
    APIPATH_BROKEN, /* escapes that are none, or more segments than anything has */
};

struct apipath {
    enum apipath_what what;
    struct str group, version;            /* "" and "v1" for the core group */
    struct str ns;                        /* STR_NULL: none was named */
    struct str plural, name, subresource; /* STR_NULL: not there */
    bool watch;
};

void apipath_parse(struct arena *a, struct str path, struct apipath *ret);

#endif
