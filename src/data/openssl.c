#define OPENSSL_BY_NAME
#include "data/openssl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#if OPENSSL_VERSION_MAJOR != 3
#error "the name of the library below is that of OpenSSL 3"
#endif

static struct openssl functions;

_Noreturn static void
missing(const char *what, const char *why)
{
    if (errno == ENOMEM)
        mem_exhausted();
    log_error("openssl", "%s cannot be loaded: %s", what, why);
    _exit(1);
}

static void
load(void)
{
    void *library;

    errno = 0;
    /* What it needs itself, libcrypto, is looked into as well. */
    library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        missing("libssl", dlerror());
#define FIND_(name) \
    if ((*(void **)&functions.name = dlsym(library, #name)) == NULL) \
        missing(#name, "libssl and libcrypto have no such function");
    OPENSSL_FUNCTIONS(FIND_)
#undef FIND_
}

const struct openssl *
openssl(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, load);
    return &functions;
}
