#include "data/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/expr_gotime.h"

enum { ZONE_FILE_MAX = 64 * 1024, ZONE_NAME_MAX = 60 };

struct zone {
    size_t n;
    unsigned char p[]; /* the file, and a NUL behind it */
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
read_block(const struct zone *f, size_t at, size_t width, struct block *b)
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

static size_t
find_transition(const struct block *b, int64_t at)
{
    size_t low = 0, high = b->times;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (big_endian(b->data + middle * 8, 8) <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False if the file says nothing that can be read. */
static bool
look_up(const struct zone *f, int64_t at, char abbreviation[ZONE_ABBREVIATION_MAX], int32_t *ret)
{
    struct block first, b;
    size_t i, type = 0;
    const unsigned char *types, *chars;
    char rule[128] = "";

    if (!read_block(f, 0, 4, &first) || !read_block(f, (size_t)(first.end - f->p), 8, &b))
        return false;
    i = find_transition(&b, at);
    if (i == b.times && (size_t)(f->p + f->n - b.end) > 1)
        sscanf((const char *)b.end + 1, "%127[^\n]", rule);
    if (rule[0] != '\0' && apply_rule(rule, at, abbreviation, ret))
        return true;
    if (i > 0)
        type = b.data[b.times * 8 + i - 1];
    types = b.data + b.times * 9;
    chars = types + b.types * 6;
    if (type >= b.types || types[type * 6 + 5] >= b.chars)
        return false;
    *ret = (int32_t)big_endian(types + type * 6, 4);
    snprintf(abbreviation, ZONE_ABBREVIATION_MAX, "%.15s",
             (const char *)chars + types[type * 6 + 5]);
    return true;
}

int32_t
zone_offset(const struct zone *z, int64_t at, char abbreviation[ZONE_ABBREVIATION_MAX])
{
    char name[ZONE_ABBREVIATION_MAX] = "UTC";
    int32_t offset = 0;

    if (z != NULL && !look_up(z, at, name, &offset)) {
        snprintf(name, sizeof name, "UTC");
        offset = 0;
    }
    if (abbreviation != NULL)
        memcpy(abbreviation, name, sizeof name);
    return offset;
}

static struct zone *
read_file(const char *path)
{
    cleanup_file FILE *f = fopen(path, "re");
    struct zone *z;

    if (f == NULL)
        return NULL;
    z = xcalloc(1, sizeof *z + ZONE_FILE_MAX + 1);
    z->n = fread(z->p, 1, ZONE_FILE_MAX, f);
    if (z->n >= 4 && memcmp(z->p, "TZif", 4) == 0)
        return z;
    free(z);
    return NULL;
}

int
zone_load(struct str name, struct zone **ret, struct err *e)
{
    const char *own = getenv("TZ");
    char path[ZONE_NAME_MAX + 32];

    *ret = NULL;
    if (str_is(name, "Local") && own != NULL && is_zone_name(str_of(own)))
        name = str_of(own);
    if (name.n == 0 || str_is(name, "UTC"))
        return 0;
    if (str_is(name, "Local")) { /* a machine without one is in UTC */
        *ret = read_file("/etc/localtime");
        return 0;
    }
    if (is_zone_name(name)) {
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
        *ret = read_file(path);
    }
    return *ret != NULL ? 0
                        : err_set(e, ERR_NOTFOUND, "unknown time zone %.*s",
                                  STR_ARG(str_slice(name, 0, name.n < 100 ? name.n : 100)));
}

void
zone_free(struct zone *z)
{
    free(z);
}
