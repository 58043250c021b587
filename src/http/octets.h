/*
 * octets - what each byte can be in the head of an HTTP message (RFC 9110, section 5.6).
 */
#ifndef HTTP_OCTETS_H
#define HTTP_OCTETS_H

#include <stdbool.h>

enum octet {
    OCTET_CONTROL, /* NUL to US but for the three below, and DEL: nowhere */
    OCTET_TAB,
    OCTET_CR,
    OCTET_LF,
    OCTET_SPACE,
    OCTET_TOKEN, /* letters, digits and !#$%&'*+-.^_`|~ */
    OCTET_COLON,
    OCTET_VISIBLE, /* the other visible ones */
    OCTET_HIGH,    /* 0x80 and above: in values only */
    OCTET_COUNT
};

extern const unsigned char octet_classes[256];

static inline enum octet
octet_class(unsigned char c)
{
    return (enum octet)octet_classes[c];
}

/* The value of a hexadecimal digit, or -1. */
static inline int
octet_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
