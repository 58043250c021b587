/*
 * names - which names, label keys and label values Kubernetes allows.
 *
 * Each function returns NULL for a good name, else a static sentence, in upstream's words, to
 * be put behind the value:
 *
 *     metadata.name: Invalid value: "A": <sentence>
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_NAMES_H
#define SCHEMA_NAMES_H

#include "base/str.h"

enum {
    NAMES_LABEL_MAX = 63,      /* DNS-1123 label, label values, the name part of label keys */
    NAMES_SUBDOMAIN_MAX = 253, /* most object names */
};

/* Lower case letters, digits and '-': namespaces, containers, volumes. */
const char *names_check_label(struct str name);
/* As DNS-1123 label, but it may not begin with a digit: Services. */
const char *names_check_service(struct str name);
/* Labels joined by dots: most kinds. */
const char *names_check_subdomain(struct str name);
/* What may stand in a URL path: roles and bindings. */
const char *names_check_path_segment(struct str name);
/* [prefix/]name: keys of labels and annotations. */
const char *names_check_qualified(struct str name);
const char *names_check_label_value(struct str value);
/* Keys of ConfigMaps and Secrets. */
const char *names_check_data_key(struct str key);
/* Names of environment variables (any printable ASCII but '=', as recent API servers allow). */
const char *names_check_env(struct str name);

#endif
