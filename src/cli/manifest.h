/*
 * manifest - the files that a command is given, as objects.
 *
 * An argument is a file, a directory (every .yaml, .yml and .json below it, in the order of their
 * names) or "-" for standard input.  A file is JSON, or YAML with any number of documents; `kind:
 * List` counts as its items.  What cannot be read is a problem of its file with line and column,
 * and the other files are read all the same.
 *
 * Command line only.
 */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include <stddef.h>

#include "base/str.h"
#include "schema/problem.h"

struct err;
struct json;
struct json_doc;

/* 16 MiB a file, 10,000 files: beyond that it is no manifest. */
enum { MANIFEST_MAX_BYTES = 16 * 1024 * 1024, MANIFEST_MAX_FILES = 10000 };

struct manifest_object {
    struct json_doc *doc;               /* owned; the document it stands in, for positions */
    const struct json *value;           /* the object, within doc */
    struct str api_version, kind, name; /* "" where absent; within doc */
    size_t index;                       /* of the document in its file, from 0 */
};

struct manifest_file {
    char *path; /* as given, or found below a directory; "-" for standard input */
    struct manifest_object *objects;
    size_t n, cap;
    struct problems problems;
};

struct manifest {
    struct manifest_file *files;
    size_t n, cap;
};

#define MANIFEST_INIT ((struct manifest){.files = NULL})

void manifest_done(struct manifest *m);
#define cleanup_manifest __attribute__((cleanup(manifest_done)))

/* Reads what an argument names and appends it.  Fails only when the argument names nothing that can
 * be opened (ERR_NOTFOUND, ERR_FORBIDDEN, ...); what is wrong inside is in the file's problems. */
int manifest_read(struct manifest *m, const char *argument, struct err *e);

#endif
