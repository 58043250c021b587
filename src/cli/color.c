#include "cli/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

bool
color_wanted(FILE *stream, enum color_wish wish)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (wish != COLOR_AUTO)
        return wish == COLOR_ALWAYS;
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    if (term == NULL || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fileno(stream)) == 1;
}

const char *
color_code(bool on, enum color color)
{
    static const char *const codes[] = {
        [COLOR_PLAIN] = "\033[0m", [COLOR_BOLD] = "\033[1m",     [COLOR_DIM] = "\033[2m",
        [COLOR_RED] = "\033[31m",  [COLOR_GREEN] = "\033[32m",   [COLOR_YELLOW] = "\033[33m",
        [COLOR_BLUE] = "\033[34m", [COLOR_MAGENTA] = "\033[35m", [COLOR_CYAN] = "\033[36m",
    };

    return on ? codes[color] : "";
}

bool
color_locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return true;
}
