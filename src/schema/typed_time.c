#include "schema/typed_time.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

/* The layout's parts in their order: literals have no range. */
static const struct part {
    const char *text;
    int low, high;
    const char *what;
} parts[] = {
    {"2006", 0, 9999, "year"}, {"-", 0, 0, NULL}, {"01", 1, 12, "month"},  {"-", 0, 0, NULL},
    {"02", 1, 31, "day"},      {"T", 0, 0, NULL}, {"15", 0, 23, "hour"},   {":", 0, 0, NULL},
    {"04", 0, 59, "minute"},   {":", 0, 0, NULL}, {"05", 0, 59, "second"},
};

enum step { GOOD, NO_MATCH, OUT_OF_RANGE };

static enum step
take_part(struct str *rest, const struct part *part)
{
    struct str want = str_of(part->text);
    int64_t n;

    if (part->what == NULL) {
        if (!str_starts(*rest, want))
            return NO_MATCH;
    } else {
        struct str digits = str_slice(*rest, 0, want.n);

        if (digits.n < want.n || digits.p[0] == '-' || !str_to_int(digits, &n))
            return NO_MATCH;
        if (n < part->low || n > part->high)
            return OUT_OF_RANGE;
    }
    *rest = str_slice(*rest, want.n, rest->n);
    return GOOD;
}

void
typed_time_explain(struct str text, bool micro, struct buf *to)
{
    struct str rest = text;

    buf_printf(to, "parsing time \"%.*s\"", STR_ARG(text));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        enum step step = take_part(&rest, &parts[i]);

        if (step == OUT_OF_RANGE)
            buf_printf(to, ": %s out of range", parts[i].what);
        else if (step == NO_MATCH)
            buf_printf(to, " as \"2006-01-02T15:04:05%sZ07:00\": cannot parse \"%.*s\" as \"%s\"",
                       micro ? ".000000" : "", STR_ARG(rest), parts[i].text);
        if (step != GOOD)
            return;
    }
    while (rest.n > 0 && (rest.p[0] == '.' || (rest.p[0] >= '0' && rest.p[0] <= '9')))
        rest = str_slice(rest, 1, rest.n);
    if (rest.n > 0 && (rest.p[0] == 'Z' || rest.n > 6))
        buf_printf(to, ": extra text: \"%.*s\"",
                   STR_ARG(str_slice(rest, rest.p[0] == 'Z' ? 1 : 6, rest.n)));
    else
        buf_printf(to, " as \"2006-01-02T15:04:05%sZ07:00\": cannot parse \"%.*s\" as \"Z07:00\"",
                   micro ? ".000000" : "", STR_ARG(rest));
}
