/*
 * file - whole files, trees and atomic publication.
 *
 * All of these block: for start-up, small records and job threads.  Every path is relative to a
 * directory descriptor (AT_FDCWD for none) and errors name it.
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct buf;
struct err;

/* Appends the content.  ERR_TOOLARGE over `limit` bytes, ERR_NOTFOUND. */
int file_read(int dirfd, const char *path, size_t limit, struct buf *to, struct err *e);
/* The same from an open descriptor, from its position to the end. */
int file_read_fd(int fd, size_t limit, struct buf *to, struct err *e);
/* All of it, whatever short writes and signals do. */
int file_write_fd(int fd, struct str content, struct err *e);
/* Creates or truncates in place. */
int file_write(int dirfd, const char *path, struct str content, mode_t mode, struct err *e);
/* Writes under a temporary name beside it, then renames: a reader sees all or nothing.  With
 * `durable`, file and directory are synced. */
int file_replace(int dirfd, const char *path, struct str content, mode_t mode, bool durable,
                 struct err *e);

/* The directory and its missing parents.  One that exists is fine. */
int file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *e);
/* The parents of a path. */
int file_mkparents(int dirfd, const char *path, mode_t mode, struct err *e);
/* A file, link or directory with all below it, without following links.  Missing is fine. */
int file_remove_tree(int dirfd, const char *path, struct err *e);
/* A copy of a file, link (as link) or tree; special files are an error.  Nothing is followed. */
int file_copy_tree(int from_dirfd, const char *from, int to_dirfd, const char *to, struct err *e);
/* Opens a directory: O_RDONLY, close-on-exec. */
int file_open_dir(int dirfd, const char *path, struct err *e);

/* Whether a path that a manifest gave is harmless below a directory: relative, not empty, without
 * "..", "." and empty components, and without NUL. */
bool file_is_plain_path(struct str path);

#endif
