#include "runner/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static void
to_hex(const unsigned char *bytes, unsigned n, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < n; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * n] = '\0';
}

static void
finish(EVP_MD_CTX *c, char hex[DIGEST_HEX])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    CHECK(EVP_DigestFinal_ex(c, bytes, &n) == 1 && n == 32);
    to_hex(bytes, n, hex);
}

static EVP_MD_CTX *
begin(void)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    CHECK(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
    return c;
}

void
digest_text(struct str text, char hex[DIGEST_HEX])
{
    EVP_MD_CTX *c = begin();

    EVP_DigestUpdate(c, text.p, text.n);
    finish(c, hex);
    EVP_MD_CTX_free(c);
}

int
digest_fd(int fd, char hex[DIGEST_HEX], int64_t *bytes, struct err *e)
{
    EVP_MD_CTX *c = begin();
    int64_t total = 0;
    int rc = 0;

    for (;;) {
        char chunk[64 * 1024];
        ssize_t n = pread(fd, chunk, sizeof chunk, total);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_errno(e, "read");
        if (n <= 0)
            break;
        EVP_DigestUpdate(c, chunk, (size_t)n);
        total += n;
    }
    finish(c, hex);
    EVP_MD_CTX_free(c);
    if (bytes != NULL)
        *bytes = total;
    return rc;
}
