/*
 * color - terminal colours, or nothing.
 *
 * Colours are on where the stream is a terminal that can show them, NO_COLOR is
 * not set and --no-color was not given; --color asks for them in any case.
 */
#ifndef CLI_COLOR_H
#define CLI_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum color {
    COLOR_PLAIN, /* ends any other */
    COLOR_BOLD,
    COLOR_DIM,
    COLOR_RED,
    COLOR_GREEN,
    COLOR_YELLOW,
    COLOR_BLUE,
    COLOR_MAGENTA,
    COLOR_CYAN,
};

enum color_wish { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

bool color_wanted(FILE *stream, enum color_wish wish);
/* The sequence that starts the colour, or "" when colours are off. */
const char *color_code(bool on, enum color color);

/* Whether the environment says that the terminal shows UTF-8. */
bool color_locale_is_utf8(void);

#endif
