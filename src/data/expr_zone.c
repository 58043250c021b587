/*
 * Named time zones, from the machine's zone database in the format of RFC 8536.  Only the second,
 * 64-bit block is read; instants beyond the last transition take the last rule's offset unless the
 * footer's rule is one of the usual ones ("CET-1CEST,M3.5.0,M10.5.0/3"), which is then applied.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/expr_gotime.h"

enum { ZONE_FILE_MAX = 64 * 1024, ZONE_NAME_MAX = 60 };

struct zone_file {
    const unsigned char *p;
    size_t n;
};

/* A path below the database and nothing else. */
static bool
is_zone_name(struct str name)
{
    if (name.n == 0 || name.n > ZONE_NAME_MAX || !isalpha((unsigned char)name.p[0]))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        if (!isalnum((unsigned char)name.p[i]) && strchr("/_+-", name.p[i]) == NULL)
            return false;
    }
    return true;
}

static size_t
read_zone(struct str name, unsigned char *to, size_t size)
{
    char path[ZONE_NAME_MAX + 32];
    cleanup_file FILE *f = NULL;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    f = fopen(path, "re");
    return f != NULL ? fread(to, 1, size, f) : 0;
}

static int64_t
big_endian(const unsigned char *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return n == 4 ? (int32_t)v : (int64_t)v;
}

struct block {
    size_t times, types, chars, leaps, standards, utcs; /* counts */
    const unsigned char *data;
    const unsigned char *end; /* of the data, in the format's own width */
};

/* The header at *at with data of `width` bytes per time; false if the file is cut. */
static bool
read_block(const struct zone_file *f, size_t at, size_t width, struct block *b)
{
    const unsigned char *h = f->p + at;
    size_t size;

    if (at + 44 > f->n || memcmp(h, "TZif", 4) != 0)
        return false;
    b->utcs = (size_t)(uint32_t)big_endian(h + 20, 4);
    b->standards = (size_t)(uint32_t)big_endian(h + 24, 4);
    b->leaps = (size_t)(uint32_t)big_endian(h + 28, 4);
    b->times = (size_t)(uint32_t)big_endian(h + 32, 4);
    b->types = (size_t)(uint32_t)big_endian(h + 36, 4);
    b->chars = (size_t)(uint32_t)big_endian(h + 40, 4);
    if (b->utcs > f->n || b->standards > f->n || b->leaps > f->n || b->times > f->n ||
        b->types > f->n || b->chars > f->n)
        return false;
    size = b->times * (width + 1) + b->types * 6 + b->chars + b->leaps * (width + 4) +
           b->standards + b->utcs;
    b->data = h + 44;
    b->end = b->data + size;
    return size <= f->n - at - 44 && b->types > 0;
}

/* "<+03>-3" or "CET-1": the name, and seconds east of UTC. */
static const char *
read_rule_zone(const char *s, char name[16], int32_t *offset)
{
    size_t n = 0;
    bool quoted = *s == '<';
    int sign = -1, h = 0, m = 0, used = 0;

    for (s += quoted; *s != '\0' && n < 15 && (quoted ? *s != '>' : isalpha((unsigned char)*s));
         s++)
        name[n++] = *s;
    name[n] = '\0';
    s += quoted && *s == '>';
    if (*s == '-' || *s == '+')
        sign = *s++ == '-' ? 1 : -1;
    if (sscanf(s, "%2d%n", &h, &used) != 1)
        return NULL;
    s += used;
    if (*s == ':' && sscanf(s, ":%2d%n", &m, &used) == 1)
        s += used;
    *offset = sign * (h * 3600 + m * 60);
    return s;
}

/* ",M3.5.0/2": the local second of the year's change, seconds since 1970. */
static const char *
read_rule_change(const char *s, int64_t year, int64_t *local)
{
    int month, week, day, hour = 2, used = 0;
    int64_t first, wanted;

    if (sscanf(s, ",M%2d.%1d.%1d%n", &month, &week, &day, &used) != 3 || month < 1 || month > 12)
        return NULL;
    s += used;
    if (*s == '/') {
        if (sscanf(s, "/%4d%n", &hour, &used) != 1)
            return NULL;
        s += used;
        if (*s == ':')
            s += strcspn(s, ",");
    }
    first = expr_gotime_days(year, month, 1);
    wanted = first + (day - (int)((first + 4) % 7) + 7) % 7 + (week - 1) * 7;
    while (wanted >= expr_gotime_days(year, month + 1, 1))
        wanted -= 7;
    *local = wanted * 86400 + hour * 3600;
    return s;
}

/* The footer's rule for an instant; false if it is of a kind we do not read. */
static bool
apply_rule(const char *rule, int64_t at, char name[16], int32_t *offset)
{
    char summer_name[16];
    int32_t summer;
    int64_t year, from, to;
    bool on;
    const char *s = read_rule_zone(rule, name, offset);

    if (s == NULL)
        return false;
    if (*s == '\0')
        return true;
    summer = *offset + 3600;
    if (*s == '<' || isalpha((unsigned char)*s)) {
        size_t n = 0;
        bool quoted = *s == '<';

        for (s += quoted; *s != '\0' && n < 15 && (quoted ? *s != '>' : isalpha((unsigned char)*s));
             s++)
            summer_name[n++] = *s;
        summer_name[n] = '\0';
        s += quoted && *s == '>';
    }
    if (*s != ',')
        return false;
    year = expr_gotime_civil(at + *offset).year;
    s = read_rule_change(s, year, &from);
    if (s == NULL || read_rule_change(s, year, &to) == NULL)
        return false;
    from -= *offset;
    to -= summer;
    on = from < to ? at >= from && at < to : at >= from || at < to;
    if (on) {
        memcpy(name, summer_name, sizeof summer_name);
        *offset = summer;
    }
    return true;
}

/* Fills in the zone's offset and abbreviation at the time's instant. */
static bool
look_up(struct arena *a, const struct zone_file *f, struct expr_value *t)
{
    struct block first, b;
    size_t i, type = 0;
    const unsigned char *types, *chars;
    char name[16], rule[128] = "";
    int32_t offset;

    if (!read_block(f, 0, 4, &first) || !read_block(f, (size_t)(first.end - f->p), 8, &b))
        return false;
    for (i = 0; i < b.times && big_endian(b.data + i * 8, 8) <= t->time.at.seconds; i++) {
    }
    if (i == b.times && (size_t)(f->p + f->n - b.end) > 1)
        sscanf((const char *)b.end + 1, "%127[^\n]", rule);
    if (rule[0] != '\0' && apply_rule(rule, t->time.at.seconds, name, &offset)) {
        t->time.at.offset = offset;
        t->time.zone = arena_strdup(a, name);
        return true;
    }
    if (i > 0)
        type = b.data[b.times * 8 + i - 1];
    types = b.data + b.times * 9;
    chars = types + b.types * 6;
    if (type >= b.types || types[type * 6 + 5] >= b.chars)
        return false;
    t->time.at.offset = (int32_t)big_endian(types + type * 6, 4);
    t->time.zone = arena_printf(a, "%.15s", (const char *)chars + types[type * 6 + 5]);
    return true;
}

static bool
is_utc(struct str zone)
{
    return zone.n == 0 || str_is(zone, "UTC") || str_is(zone, "Local");
}

int
expr_gotime_zone(struct str name, struct err *e)
{
    unsigned char magic[4];

    if (is_utc(name) ||
        (is_zone_name(name) && read_zone(name, magic, 4) == 4 && memcmp(magic, "TZif", 4) == 0))
        return 0;
    return err_set(e, ERR_NOTFOUND, "unknown time zone %.*s", STR_ARG(str_slice(name, 0, 100)));
}

struct expr_value
expr_gotime_in(struct arena *a, struct expr_value t, struct str zone)
{
    cleanup_free unsigned char *bytes = NULL;
    struct zone_file f;

    t.time.at.offset = 0;
    t.time.zone = "UTC";
    if (is_utc(zone) || !is_zone_name(zone))
        return t;
    bytes = NEW_ARRAY(unsigned char, ZONE_FILE_MAX + 1); /* a terminating NUL stays behind it */
    f = (struct zone_file){.p = bytes, .n = read_zone(zone, bytes, ZONE_FILE_MAX)};
    look_up(a, &f, &t);
    return t;
}
