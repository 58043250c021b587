/*
 * settings_table - one row for each setting, and what its type can read.
 *
 * For settings*.c and the commands that show or edit settings; others read the
 * fields of struct settings.  A new setting is a field there and a row here.
 */
#ifndef CLI_SETTINGS_TABLE_H
#define CLI_SETTINGS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cli/settings.h"

struct json;
struct json_doc;

/* type, field, what its help calls a value */
enum setting_type {
    SETTING_TEXT,    /* char *: any text */
    SETTING_PATH,    /* char *: an absolute path; ~/ is the home directory; or one of the choices */
    SETTING_NUMBER,  /* int64_t */
    SETTING_BYTES,   /* int64_t: 65536, 64Ki, 10M */
    SETTING_SWITCH,  /* bool */
    SETTING_CHOICE,  /* int: index into the choices */
    SETTING_TEXTS,   /* settings_list */
    SETTING_NUMBERS, /* settings_list of whole numbers */
    SETTING_PATHS,   /* settings_list of absolute paths */
    SETTING_IMAGES,  /* settings_images */
    SETTING_PAIRS,   /* settings_pairs */
};

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;              /* of the field in struct settings */
    const char *standard;       /* the default, as text; lists by commas; "": empty */
    int64_t min, max;           /* of numbers, each of a list, and sizes */
    const char *const *choices; /* ends with NULL, or is NULL */
    const char *argument;       /* how help names the value */
    const char *help;           /* one sentence, no full stop */
    const char *example;        /* lines of YAML for a list or map, or NULL */
};

enum { SETTINGS_MAX = 32 };

/* The row's field in a struct settings. */
#define SETTING_FIELD(s, row, type) ((type *)(void *)((char *)(s) + (row)->offset))
#define SETTING_FIELD_CONST(s, row, type) \
    ((type const *)(const void *)((const char *)(s) + (row)->offset))

/* All rows; *n is their count. */
const struct setting *settings_table(size_t *n);
/* By name, or NULL. */
const struct setting *setting_find(struct str name);
/* "SLUICE_LOG_LIMIT": 64 bytes are enough. */
void setting_variable(const struct setting *row, char *to, size_t size);
/* "--log-limit": the same. */
void setting_flag(const struct setting *row, char *to, size_t size);

/* What relative and home paths are relative to. */
struct setting_place {
    const char *home;      /* NULL: ~/ is refused */
    const char *directory; /* NULL: relative paths are refused */
};

/* Sets the field from text (a variable, a default, a scalar of the file, the flag of a setting that
 * is no list); commas separate the items of a list.  ERR_INVALID says what was expected. */
int setting_from_text(struct settings *s, const struct setting *row, struct str text,
                      const struct setting_place *place, struct err *e);
/* Adds one item to a list or map, as its flag does: commas belong to it. */
int setting_add_item(struct settings *s, const struct setting *row, struct str item,
                     const struct setting_place *place, struct err *e);
/* The same from the value in a file, with line and column in the error. */
int setting_from_json(struct settings *s, const struct setting *row, const struct json_doc *d,
                      const struct json *v, const struct setting_place *place, struct err *e);
/* "PATTERN=TARGET" as flags and `sluice image alias` have it: host, python:VERSION, python:/path or
 * the path of a directory. */
int setting_image_target(struct str pattern, struct str target, struct settings_image *ret,
                         struct err *e);
/* Appends one item to a list, or one pair to a map.  ERR_INVALID for a path that is none. */
int setting_add_text(struct settings *s, const struct setting *row, struct str text,
                     const struct setting_place *place, struct err *e);
void setting_add_pair(struct settings *s, const struct setting *row, struct str name,
                      struct str value);
/* Frees what the field holds. */
void setting_clear(struct settings *s, const struct setting *row);
void settings_image_done(struct settings_image *rule);

/* "64Mi" */
void setting_write_bytes(struct buf *to, int64_t bytes);
/* "{image: alpine, host: true}" */
void setting_write_image(struct buf *to, const struct settings_image *rule);

#endif
