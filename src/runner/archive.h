/*
 * archive - tar and zip, for artifacts.
 *
 * libarchive is loaded on first use: linked in, it would cost every start of the program 4 ms.  The
 * file names and bytes come from steps, so nothing here follows a link or leaves its directory:
 * packing opens with O_NOFOLLOW, unpacking resolves each parent beneath the target without links.
 *
 * All functions block and are for job threads.
 */
#ifndef RUNNER_ARCHIVE_H
#define RUNNER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum archive_format { ARCHIVE_TGZ, ARCHIVE_ZIP };

#define ARCHIVE_MAX_BYTES (INT64_C(64) << 30) /* of all files that one archive unpacks to */
enum { ARCHIVE_MAX_ENTRIES = 5 * 1000 * 1000, ARCHIVE_MAX_LEVELS = 256 };

/* Writes the file or tree `name` of a directory to descriptor `to`; members are called
 * `member`[/...].  level 0-9, or -1 for the usual one.  Special files are left out. */
int archive_pack(enum archive_format format, int level, int dirfd, const char *name,
                 const char *member, int to, struct err *e);

/* Is the file a gzipped tar or a zip?  Looks at its content; the position stays. */
bool archive_is_one(int fd);

/* Unpacks into the (empty, existing) directory.  ERR_INVALID for what is no archive or would leave
 * the directory, ERR_TOOLARGE over the limits above. */
int archive_unpack(int fd, int into_dirfd, struct err *e);

#endif
