#include "runner/utf8.h"

#include "base/buf.h"

/* Length of the well-formed sequence at p, or 0 (Unicode standard, table 3-7). */
static size_t
sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

void
utf8_clean(struct str s, struct buf *to)
{
    size_t kept = 0;

    for (size_t i = 0; i < s.n;) {
        size_t n = sequence((const unsigned char *)s.p + i, s.n - i);

        if (n == 0) {
            buf_str(to, str_slice(s, kept, i));
            buf_str(to, STR("\xef\xbf\xbd"));
            kept = ++i;
        } else {
            i += n;
        }
    }
    buf_str(to, str_slice(s, kept, s.n));
}
