/*
 * names - which names, label keys and label values Kubernetes allows.
 *
 * What is wrong with a name is said in static sentences, in upstream's words, to be put behind the
 * value:
 *
 *     metadata.name: Invalid value: "A": <sentence>
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_NAMES_H
#define SCHEMA_NAMES_H

#include <stddef.h>

#include "base/str.h"

enum {
    NAMES_LABEL_MAX = 63,      /* DNS-1123 label, label values, the name part of label keys */
    NAMES_SUBDOMAIN_MAX = 253, /* most object names */
    NAMES_WRONG_MAX = 6,       /* how much can be wrong with one name */
};

enum names_rule {
    NAMES_LABEL,        /* lower case letters, digits and '-': namespaces, containers, volumes */
    NAMES_SERVICE,      /* as a label, but it may not begin with a digit */
    NAMES_SUBDOMAIN,    /* labels joined by dots: most kinds */
    NAMES_PATH_SEGMENT, /* what may stand in a URL path: roles and bindings */
    NAMES_QUALIFIED,    /* [prefix/]name: keys of labels and annotations */
    NAMES_LABEL_VALUE,
    NAMES_DATA_KEY, /* keys of ConfigMaps and Secrets */
    NAMES_ENV,      /* of environment variables: any printable ASCII but '=' */
    NAMES_HTTP_HEADER,
    NAMES_PORT, /* of ports, as IANA allows them */
};

struct names_wrong {
    const char *at[NAMES_WRONG_MAX];
    size_t n;
};

/* All that is wrong. */
struct names_wrong names_wrong(enum names_rule rule, struct str name);
/* NULL for a good name, else the first of those sentences. */
const char *names_check(enum names_rule rule, struct str name);

#endif
