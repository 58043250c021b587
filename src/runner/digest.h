/* digest - SHA-256 of files and text, as lower-case hexadecimal.  Any thread. */
#ifndef RUNNER_DIGEST_H
#define RUNNER_DIGEST_H

#include <stdint.h>

#include "base/str.h"

struct err;

enum { DIGEST_HEX = 65 };

void digest_text(struct str text, char hex[DIGEST_HEX]);
/* Of the whole file, whatever its position; *bytes (may be NULL) is its length. */
int digest_fd(int fd, char hex[DIGEST_HEX], int64_t *bytes, struct err *e);

#endif
