#include "data/expr_layout.h"

#include <ctype.h>

const char *const expr_layout_months[12] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
const char *const expr_layout_days[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday"};

/* Where one is the beginning of another, the longer stands first. */
static const struct {
    const char *text;
    enum expr_layout_kind kind;
} elements[] = {
    {"January", LAYOUT_MONTH_NAME}, {"Jan", LAYOUT_MONTH_SHORT}, {"Monday", LAYOUT_DAY_NAME},
    {"Mon", LAYOUT_DAY_SHORT},      {"MST", LAYOUT_ZONE_NAME},   {"2006", LAYOUT_YEAR},
    {"002", LAYOUT_YEARDAY},        {"01", LAYOUT_MONTH2},       {"02", LAYOUT_DAY2},
    {"03", LAYOUT_HOUR12_2},        {"04", LAYOUT_MINUTE2},      {"05", LAYOUT_SECOND2},
    {"06", LAYOUT_YEAR2},           {"15", LAYOUT_HOUR24},       {"_2006", LAYOUT_TEXT},
    {"_2", LAYOUT_DAY_BLANK},       {"PM", LAYOUT_PM},           {"pm", LAYOUT_PM_LOWER},
    {"-07:00:00", LAYOUT_OFFSET},   {"-070000", LAYOUT_OFFSET},  {"-07:00", LAYOUT_OFFSET},
    {"-0700", LAYOUT_OFFSET},       {"-07", LAYOUT_OFFSET},      {"Z07:00:00", LAYOUT_OFFSET},
    {"Z070000", LAYOUT_OFFSET},     {"Z07:00", LAYOUT_OFFSET},   {"Z0700", LAYOUT_OFFSET},
    {"Z07", LAYOUT_OFFSET},         {"1", LAYOUT_MONTH},         {"2", LAYOUT_DAY},
    {"3", LAYOUT_HOUR12},           {"4", LAYOUT_MINUTE},        {"5", LAYOUT_SECOND},
};

/* .000 or ,999 that no further digit follows. */
static size_t
fraction_length(struct str s, enum expr_layout_kind *kind)
{
    size_t n = 1;

    if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9'))
        return 0;
    while (n < s.n && s.p[n] == s.p[1])
        n++;
    if (n < s.n && isdigit((unsigned char)s.p[n]))
        return 0;
    *kind = s.p[1] == '0' ? LAYOUT_FRACTION : LAYOUT_FRACTION_TRIM;
    return n;
}

static size_t
element_length(struct str s, enum expr_layout_kind *kind)
{
    size_t n = fraction_length(s, kind);

    if (n > 0)
        return n;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        struct str text = str_of(elements[i].text);

        if (!str_starts(s, text))
            continue;
        /* "Jan" of "January" was taken; "Janet" is no month. */
        if (elements[i].kind == LAYOUT_MONTH_SHORT && s.n > 3 && islower((unsigned char)s.p[3]))
            continue;
        if (elements[i].kind == LAYOUT_TEXT)
            return 0; /* _2006 is an underscore and a year */
        *kind = elements[i].kind;
        return text.n;
    }
    return 0;
}

bool
expr_layout_next(struct str *layout, struct expr_layout *ret)
{
    size_t n = 0, text = 0;

    if (layout->n == 0)
        return false;
    ret->kind = LAYOUT_TEXT;
    for (; text < layout->n; text++) {
        n = element_length(str_slice(*layout, text, layout->n), &ret->kind);
        if (n > 0)
            break;
    }
    if (text > 0) {
        ret->kind = LAYOUT_TEXT;
        n = text;
    }
    ret->text = str_slice(*layout, 0, n);
    *layout = str_slice(*layout, n, layout->n);
    return true;
}
