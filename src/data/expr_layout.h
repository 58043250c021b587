/*
 * expr_layout - a Go time layout cut into its elements.
 *
 * Private to expr_gotime*.c.
 */
#ifndef DATA_EXPR_LAYOUT_H
#define DATA_EXPR_LAYOUT_H

#include "base/str.h"

enum expr_layout_kind {
    LAYOUT_TEXT, /* stands for itself */
    LAYOUT_YEAR,
    LAYOUT_YEAR2,
    LAYOUT_MONTH_NAME,
    LAYOUT_MONTH_SHORT,
    LAYOUT_MONTH,
    LAYOUT_MONTH2,
    LAYOUT_DAY_NAME,
    LAYOUT_DAY_SHORT,
    LAYOUT_DAY,
    LAYOUT_DAY2,
    LAYOUT_DAY_BLANK,
    LAYOUT_YEARDAY,
    LAYOUT_HOUR24,
    LAYOUT_HOUR12,
    LAYOUT_HOUR12_2,
    LAYOUT_MINUTE,
    LAYOUT_MINUTE2,
    LAYOUT_SECOND,
    LAYOUT_SECOND2,
    LAYOUT_FRACTION,      /* .000: as many digits */
    LAYOUT_FRACTION_TRIM, /* .999: up to as many */
    LAYOUT_PM,
    LAYOUT_PM_LOWER,
    LAYOUT_ZONE_NAME,
    LAYOUT_OFFSET, /* with the text's own punctuation: -07, -0700, -07:00, Z07:00 */
};

struct expr_layout {
    enum expr_layout_kind kind;
    struct str text; /* as it stands in the layout */
};

/* Cuts the next element off *layout; false at the end. */
bool expr_layout_next(struct str *layout, struct expr_layout *ret);

extern const char *const expr_layout_months[12];
extern const char *const expr_layout_days[7];

#endif
