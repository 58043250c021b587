/*
 * settings_file - sluice.yaml, read and edited.
 *
 * Editing changes lines, not the document: whatever a person wrote around them,
 * comments above all, stays as it is.  The new text is checked as if it were read
 * before it takes the place of the old, by rename.
 */
#ifndef CLI_SETTINGS_FILE_H
#define CLI_SETTINGS_FILE_H

#include <stdbool.h>

#include "base/str.h"

struct buf;
struct err;
struct setting_place;
struct settings;
struct settings_image;

enum { SETTINGS_FILE_MAX_BYTES = 1024 * 1024 };

/* ERR_NOTFOUND if there is no such file; every other message names it, with line and column where
 * there is one. */
int settings_file_read(struct settings *s, const char *path, const struct setting_place *place,
                       struct err *e);

/* Reads the text of such a file into settings that have no value yet; for checks. */
int settings_file_parse(struct settings *s, struct str text, struct err *e);

/* Puts the rule before all others, in place of those for the same pattern.  A file that does not
 * exist is made. */
int settings_file_put_image(const char *path, const struct settings_image *rule, struct err *e);
/* Removes the rules for the pattern; ERR_NOTFOUND if there is none. */
int settings_file_remove_image(const char *path, const char *pattern, struct err *e);

/* The same on text, for both: removes the rules for the pattern, then puts `rule` first unless it
 * is NULL.  *removed says how many there were. */
int settings_file_edit_images(struct str text, const char *pattern,
                              const struct settings_image *rule, struct buf *ret, size_t *removed,
                              struct err *e);

#endif
