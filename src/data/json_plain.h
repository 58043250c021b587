/*
 * json_plain - the bytes of a text that are the same in JSON and outside of it, copied sixteen at a
 * time.  For the json_*.c files only.
 */
#ifndef DATA_JSON_PLAIN_H
#define DATA_JSON_PLAIN_H

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Copies from p up to a quote, backslash, control or wide byte, or `end`, and returns where that
 * is; *to is behind the copy then.  Up to sixteen bytes behind it may be written. */
static inline const char *
json_copy_plain(const char *p, const char *end, char **to)
{
    char *out = *to;
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        /* As signed bytes, those above 0x7f are less than a space too. */
        __m128i hit = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
                                   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);

        _mm_storeu_si128((__m128i *)out, v);
        if (mask != 0) {
            int k = __builtin_ctz(mask);

            *to = out + k;
            return p + k;
        }
        p += 16;
        out += 16;
    }
#endif
    while (p < end && (signed char)*p >= ' ' && *p != '"' && *p != '\\')
        *out++ = *p++;
    *to = out;
    return p;
}

#endif
