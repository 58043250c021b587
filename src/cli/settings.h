/*
 * settings - everything that can be configured, from one table.
 *
 * settings_table.c has a row for each setting: name, type, default, bounds and
 * help.  From it come the flags (--log-limit), the environment variables
 * (SLUICE_LOG_LIMIT), the keys of sluice.yaml (log_limit), the commented file
 * that `sluice config` prints, and docs/settings.md.
 *
 * A flag counts before the environment, that before the file, that before the
 * default.  One file is read, the first of these that exists: the one named by
 * --config or $SLUICE_CONFIG (which must exist), sluice.yaml in the data
 * directory, ~/.config/sluice/sluice.yaml, /etc/sluice/sluice.yaml.
 *
 * A `struct settings` is complete and does not change once loaded: any thread may
 * read it.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"

struct buf;
struct err;
struct option;
struct options;

#define SETTINGS_ISOLATIONS(X) \
    X(SETTINGS_AUTO, "auto") \
    X(SETTINGS_FULL, "full") \
    X(SETTINGS_USER, "user") \
    X(SETTINGS_NONE, "none")
#define SETTINGS_ISOLATION_(id, name) id,
enum settings_isolation { SETTINGS_ISOLATIONS(SETTINGS_ISOLATION_) };

#define SETTINGS_IMAGE_KINDS(X) \
    X(SETTINGS_IMAGE_HOST, "host")           /* the host's programs */ \
    X(SETTINGS_IMAGE_DIRECTORY, "directory") /* a root directory, laid out as an image's */ \
    X(SETTINGS_IMAGE_PYTHON, "python")       /* an environment around an interpreter */
#define SETTINGS_IMAGE_KIND_(id, name) id,
enum settings_image_kind { SETTINGS_IMAGE_KINDS(SETTINGS_IMAGE_KIND_) };

/* What stands in for the images whose reference matches; the first rule that matches counts. */
struct settings_image {
    char *pattern; /* * stands for any text, ? for one character */
    enum settings_image_kind kind;
    char *target; /* a path; for python also a version ("3.11"); NULL for host */
    int line;     /* in the file, 0 if it came from elsewhere */
};

struct settings_pair {
    char *name, *value;
};

typedef VEC(char *) settings_list;
typedef VEC(struct settings_image) settings_images;
typedef VEC(struct settings_pair) settings_pairs;

/* name in the file and its field; the type of the field follows from the row in settings_table.c */
struct settings {
    char *data;                   /* directory of everything that is kept; absolute */
    int isolation;                /* enum settings_isolation */
    int log_level;                /* enum log_level */
    int64_t log_limit;            /* bytes kept of one container's log */
    int64_t max_pods;             /* at the same time; 0: 110 */
    bool strict_requests;         /* requests above the machine's size are Unschedulable */
    settings_images images;       /* rules, the first match counts */
    settings_list host_paths;     /* what hostPath volumes may name, and everything below */
    settings_list loopback_ports; /* of this machine's 127.0.0.1 that steps reach */
    settings_list shared;         /* host directories that every step sees, read-only */
    int64_t reserve;              /* bytes of free space below which the largest pod is evicted */
    char *artifact_key;           /* folder of artifacts without a key: a template */
    char *workflow_defaults;      /* a Workflow that stands under every one: a path, or "none" */
    int64_t history_workflows;    /* finished ones kept; 0: all */
    int64_t history_days;         /* that they are kept; 0: for ever */
    int64_t history_bytes;        /* that they may take; 0: any */
    int64_t history_pods;         /* finished ones kept */
    settings_list environment;    /* names or NAME* of the caller's variables for Python pods */
    settings_pairs pip;           /* pip's settings by their long names, for the same pods */
    char *pip_config;             /* pip's configuration file: a path, "auto" or "none" */
    char *listen;          /* where `sluice up` serves plain HTTP: an address with its port */
    char *tls_listen;      /* the same with TLS */
    char *token_auth_file; /* tokens of users: a path, or "none" */
    char *server;          /* URL of the server that commands talk to; "": the directory's */
    char *server_token;    /* token for it; "": the directory's, if it is that server */
    char *server_ca;       /* path of the certificates to trust; "": the directory's */

    char *file;          /* the one that was read, or NULL */
    uint8_t origins[32]; /* enum settings_origin by the row's number */
};

enum settings_origin { SETTINGS_DEFAULT, SETTINGS_FILE, SETTINGS_ENVIRONMENT, SETTINGS_FLAG };

/* Where settings come from. */
struct settings_input {
    const struct options *flags;    /* parsed with settings_options(); may be NULL */
    const char *const *environment; /* "NAME=value", ends with NULL; may be NULL */
    const char *system_directory;   /* in place of /etc/sluice; NULL: that */
};

/* Errors name the file with line and column, the variable or the flag; an unknown name in the file
 * or an unknown SLUICE_ variable gets the nearest known one. */
int settings_load(const struct settings_input *in, struct settings **ret, struct err *e);
void settings_free(struct settings *s); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct settings *, settings_free)
#define cleanup_settings CLEANUP(settings_free)

/* Where the setting's value came from; the name must be in the table. */
enum settings_origin settings_origin(const struct settings *s, const char *name);

/* A table of flags: --config and one for each setting. */
const struct option *settings_options(void);

/* The file with every setting, its help, its default in a comment, and the values that are set. */
void settings_print_yaml(struct buf *to, const struct settings *s);
/* The table of docs/settings.md. */
void settings_print_markdown(struct buf *to);

/* Files that would be read, the first that exists counts; done with settings_list_done(). */
settings_list settings_search_path(const struct settings_input *in);
void settings_list_done(settings_list *list);

#endif
