#include "runner/digest.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "data/openssl.h"

static void
finish(SHA256_CTX *c, char hex[DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SHA256_DIGEST_LENGTH];

    openssl()->SHA256_Final(bytes, c);
    for (unsigned i = 0; i < sizeof bytes; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * sizeof bytes] = '\0';
}

void
digest_text(struct str text, char hex[DIGEST_HEX])
{
    SHA256_CTX c;

    openssl()->SHA256_Init(&c);
    openssl()->SHA256_Update(&c, text.p, text.n);
    finish(&c, hex);
}

int
digest_fd(int fd, char hex[DIGEST_HEX], int64_t *bytes, struct err *e)
{
    SHA256_CTX c;
    int64_t total = 0;
    int rc = 0;

    openssl()->SHA256_Init(&c);
    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = pread(fd, chunk, sizeof chunk, total);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_errno(e, "read");
        if (n <= 0)
            break;
        openssl()->SHA256_Update(&c, chunk, (size_t)n);
        total += n;
    }
    finish(&c, hex);
    if (bytes != NULL)
        *bytes = total;
    return rc;
}
