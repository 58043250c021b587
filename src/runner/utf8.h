/* utf8 - text from steps, made fit for JSON: what is not UTF-8 becomes U+FFFD.  Any thread. */
#ifndef RUNNER_UTF8_H
#define RUNNER_UTF8_H

#include "base/str.h"

struct buf;

/* Appends s, each byte that belongs to no well-formed sequence replaced. */
void utf8_clean(struct str s, struct buf *to);

#endif
