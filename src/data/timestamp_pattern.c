/*
 * timestamp_pattern - strftime without the machine's time zone or locale.
 *
 * Most letters are combinations of few: the table spells them out.
 */
#include <inttypes.h>

#include "base/buf.h"
#include "data/timestamp.h"

static const char *const week_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

/* Letters that stand for a pattern. */
static const char *const composed[128] = {
    ['c'] = "%a %b %e %H:%M:%S %Y",
    ['D'] = "%m/%d/%y",
    ['F'] = "%Y-%m-%d",
    ['h'] = "%b",
    ['R'] = "%H:%M",
    ['r'] = "%I:%M:%S %p",
    ['T'] = "%H:%M:%S",
    ['v'] = "%e-%b-%Y",
    ['X'] = "%H:%M:%S",
    ['x'] = "%m/%d/%y",
};

/* Week of the ISO year, 1 to 53: that of the Thursday. */
static int
iso_week(const struct timestamp_parts *t)
{
    int64_t thursday =
        timestamp_join(t) + (int64_t)(4 - (t->week_day + 6) % 7 - 1) * 86400 * TIMESTAMP_SECOND;

    return timestamp_split(thursday).year_day / 7 + 1;
}

static int
hour_12(const struct timestamp_parts *t)
{
    return t->hour % 12 == 0 ? 12 : t->hour % 12;
}

/* A number with leading zeros, or blanks. */
static bool
put(struct buf *to, int value, int width, char pad)
{
    buf_printf(to, pad == '0' ? "%0*d" : "%*d", width, value);
    return true;
}

static bool
write_number(struct buf *to, const struct timestamp_parts *t, char letter)
{
    switch (letter) {
    case 'C':
        return put(to, t->year / 100, 2, '0');
    case 'd':
        return put(to, t->day, 2, '0');
    case 'e':
        return put(to, t->day, 2, ' ');
    case 'f':
        return put(to, t->micro, 6, '0');
    case 'H':
        return put(to, t->hour, 2, '0');
    case 'I':
        return put(to, hour_12(t), 2, '0');
    case 'j':
        return put(to, t->year_day + 1, 3, '0');
    case 'k':
        return put(to, t->hour, 2, ' ');
    case 'L':
        return put(to, t->micro / 1000, 3, '0');
    case 'l':
        return put(to, hour_12(t), 2, ' ');
    case 'M':
        return put(to, t->minute, 2, '0');
    case 'm':
        return put(to, t->month, 2, '0');
    case 'S':
        return put(to, t->second, 2, '0');
    case 'U': /* weeks from the first Sunday */
        return put(to, (t->year_day + 7 - t->week_day) / 7, 2, '0');
    case 'u':
        return put(to, t->week_day == 0 ? 7 : t->week_day, 1, '0');
    case 'V':
        return put(to, iso_week(t), 2, '0');
    case 'W': /* weeks from the first Monday */
        return put(to, (t->year_day + 7 - (t->week_day + 6) % 7) / 7, 2, '0');
    case 'w':
        return put(to, t->week_day, 1, '0');
    case 'Y':
        return put(to, t->year, 4, '0');
    case 'y':
        return put(to, t->year % 100, 2, '0');
    default:
        return false;
    }
}

static const char *
name_of(const struct timestamp_parts *t, char letter)
{
    switch (letter) {
    case 'A':
    case 'a':
        return week_days[t->week_day];
    case 'B':
    case 'b':
        return months[t->month - 1];
    case 'n':
        return "\n";
    case 'p':
        return t->hour < 12 ? "AM" : "PM";
    case 't':
        return "\t";
    case 'Z':
        return "UTC";
    case 'z':
        return "+0000";
    default:
        return NULL;
    }
}

/* The patterns of this file: each % has a letter that is known. */
static void
write_composed(struct buf *to, int64_t us, const char *pattern)
{
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '%')
            timestamp_write_letter(to, us, *++p);
        else
            buf_char(to, *p);
    }
}

bool
timestamp_write_letter(struct buf *to, int64_t us, char letter)
{
    struct timestamp_parts t = timestamp_split(us);
    const char *text;

    if ((unsigned char)letter < 128 && composed[(unsigned char)letter] != NULL) {
        write_composed(to, us, composed[(unsigned char)letter]);
        return true;
    }
    if (letter == 's') {
        buf_printf(to, "%" PRId64, (us - t.micro) / TIMESTAMP_SECOND);
        return true;
    }
    text = name_of(&t, letter);
    if (text != NULL) {
        buf_str(to, letter == 'a' || letter == 'b' ? str_make(text, 3) : str_of(text));
        return true;
    }
    return write_number(to, &t, letter);
}
