#include "http/transfer.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

/* The library, by hand: its macros would call it by name. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define CURL_FUNCTIONS(X) \
    X(curl_global_init) \
    X(curl_easy_init) \
    X(curl_easy_setopt) \
    X(curl_easy_perform) \
    X(curl_easy_getinfo) \
    X(curl_easy_cleanup) \
    X(curl_easy_strerror) \
    X(curl_slist_append) \
    X(curl_slist_free_all)

static struct {
    struct err why; /* code 0: it is there */
#define MEMBER_(name) __typeof__(&name) name;
    CURL_FUNCTIONS(MEMBER_)
#undef MEMBER_
} lib;

static void
load(void)
{
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (handle == NULL) {
        err_set(&lib.why, ERR_UNSUPPORTED,
                "requests to other servers need libcurl, which cannot be loaded (%s); install the "
                "package libcurl4",
                dlerror());
        return;
    }
#define FIND_(name) \
    if ((*(void **)&lib.name = dlsym(handle, #name)) == NULL) { \
        err_set(&lib.why, ERR_UNSUPPORTED, "libcurl has no function %s", #name); \
        return; \
    }
    CURL_FUNCTIONS(FIND_)
#undef FIND_
    if (lib.curl_global_init(CURL_GLOBAL_ALL) != 0)
        err_set(&lib.why, ERR_UNSUPPORTED, "libcurl cannot be used");
}

static int
library(struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    if (lib.why.code != 0)
        *e = lib.why;
    return lib.why.code;
}

/* One transfer at work. */
struct work {
    struct transfer *x;
    CURL *curl;
    struct curl_slist *headers;
    char *url, *method, *user, *password;
    char text[CURL_ERROR_SIZE];
    int64_t got;
    int write_error; /* errno; 0: none */
    bool too_large;
};

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
    struct work *w = arg;
    size_t at = 0, total = size * n;

    w->got += (int64_t)total;
    if (w->got > w->x->limit) {
        w->too_large = true;
        return 0;
    }
    if (w->x->to < 0) {
        buf_str(&w->x->answer, str_make(data, total));
        return total;
    }
    while (at < total) {
        ssize_t done = write(w->x->to, data + at, total - at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            w->write_error = errno;
            return 0;
        }
        at += (size_t)done;
    }
    return total;
}

/* The lines of the last answer: one that leads elsewhere is forgotten. */
static size_t
take_head(char *data, size_t size, size_t n, void *arg)
{
    struct work *w = arg;
    struct str line = str_trim(str_make(data, size * n));

    if (str_starts(line, STR("HTTP/")))
        buf_clear(&w->x->head);
    else if (line.n > 0 && w->x->head.n + line.n < TRANSFER_HEAD_BYTES) {
        buf_str(&w->x->head, line);
        buf_char(&w->x->head, '\n');
    }
    return size * n;
}

static size_t
give_body(char *to, size_t size, size_t n, void *arg)
{
    struct work *w = arg;
    ssize_t got;

    do
        got = read(w->x->from, to, size * n);
    while (got < 0 && errno == EINTR);
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int
go_on(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct work *w = arg;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(w->x->cancelled) ? 1 : 0;
}

static bool
has_breaks(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
            return true;
    }
    return false;
}

static int
add_line(struct work *w, const char *line, struct err *e)
{
    struct curl_slist *longer = lib.curl_slist_append(w->headers, line);

    if (longer == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    w->headers = longer;
    return 0;
}

static int
add_header(struct work *w, struct str name, struct str value, struct err *e)
{
    cleanup_free char *line = NULL;

    if (name.n == 0 || has_breaks(name) || has_breaks(value) || memchr(name.p, ':', name.n) != NULL)
        return err_set(e, ERR_INVALID,
                       "header '%.*s' cannot be sent: a name without a colon and "
                       "a value without line breaks are expected",
                       STR_ARG(str_slice(name, 0, name.n < 100 ? name.n : 100)));
    line = value.n != 0 ? xasprintf("%.*s: %.*s", STR_ARG(name), STR_ARG(value))
                        : xasprintf("%.*s;", STR_ARG(name));
    return add_line(w, line, e);
}

static int
add_headers(struct work *w, struct err *e)
{
    /* What libcurl would say by itself about a body: it is no form. */
    static const char *const unsaid[] = {"Content-Type:", "Expect:"};

    for (size_t i = 0; i < ARRAY_LEN(unsaid); i++) {
        if (add_line(w, unsaid[i], e) < 0)
            return e->code;
    }
    if (add_header(w, STR("Via"), STR("1.1 sluice"), e) < 0)
        return e->code;
    for (size_t i = 0; i < w->x->headers_n; i++) {
        if (add_header(w, w->x->headers[i].name, w->x->headers[i].value, e) < 0)
            return e->code;
    }
    return 0;
}

/* The URL without what nobody else should read. */
static struct str
shown(struct str url)
{
    ptrdiff_t scheme = str_find(url, STR("://"), 0), at = str_find_char(url, '@', 0);

    if (at < 0 || scheme < 0)
        return url;
    return str_slice(url, (size_t)at + 1, url.n);
}

static int
check_url(struct str url, struct err *e)
{
    if (url.n == 0)
        return err_set(e, ERR_INVALID, "the URL is empty");
    if (has_breaks(url) || (strncasecmp(url.p, "http://", 7) != 0 &&
                            (url.n < 8 || strncasecmp(url.p, "https://", 8) != 0)))
        return err_set(e, ERR_INVALID,
                       "'%.*s' is no URL that can be used: http:// or https:// is "
                       "expected",
                       STR_ARG(str_slice(url, 0, url.n < 200 ? url.n : 200)));
    return 0;
}

static void
set_limits(struct work *w)
{
    const char *trust = getenv("SSL_CERT_FILE");

    lib.curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
    lib.curl_easy_setopt(w->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    lib.curl_easy_setopt(w->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    lib.curl_easy_setopt(w->curl, CURLOPT_FOLLOWLOCATION, 1L);
    lib.curl_easy_setopt(w->curl, CURLOPT_MAXREDIRS, (long)TRANSFER_REDIRECTS);
    lib.curl_easy_setopt(w->curl, CURLOPT_CONNECTTIMEOUT, (long)TRANSFER_CONNECT_S);
    if (w->x->cancelled != NULL) {
        lib.curl_easy_setopt(w->curl, CURLOPT_NOPROGRESS, 0L);
        lib.curl_easy_setopt(w->curl, CURLOPT_XFERINFOFUNCTION, go_on);
        lib.curl_easy_setopt(w->curl, CURLOPT_XFERINFODATA, w);
    }
    if (w->x->timeout_us > 0) {
        lib.curl_easy_setopt(w->curl, CURLOPT_TIMEOUT_MS, (long)(w->x->timeout_us / 1000));
    } else {
        lib.curl_easy_setopt(w->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        lib.curl_easy_setopt(w->curl, CURLOPT_LOW_SPEED_TIME, (long)TRANSFER_IDLE_S);
    }
    if (w->x->insecure) {
        lib.curl_easy_setopt(w->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        lib.curl_easy_setopt(w->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (trust != NULL && trust[0] != '\0')
        lib.curl_easy_setopt(w->curl, CURLOPT_CAINFO, trust);
}

static int
set_body(struct work *w, struct err *e)
{
    struct stat st;

    if (w->x->body.p != NULL || str_is(w->x->method, "POST")) {
        lib.curl_easy_setopt(w->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->x->body.n);
        lib.curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, w->x->body.p != NULL ? w->x->body.p : "");
    }
    if (w->x->from < 0)
        return 0;
    if (fstat(w->x->from, &st) < 0 || lseek(w->x->from, 0, SEEK_SET) < 0)
        return err_errno(e, "the file to send");
    lib.curl_easy_setopt(w->curl, CURLOPT_UPLOAD, 1L);
    lib.curl_easy_setopt(w->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    lib.curl_easy_setopt(w->curl, CURLOPT_READFUNCTION, give_body);
    lib.curl_easy_setopt(w->curl, CURLOPT_READDATA, w);
    return 0;
}

/* A custom method stays the same wherever an answer leads, so a POST is none: RFC 9110, 15.4, has
 * it go on as a GET, except after 307 and 308. */
static void
set_method(struct work *w)
{
    if (w->x->method.n == 0 || str_is(w->x->method, "POST"))
        return;
    w->method = str_dup(w->x->method);
    lib.curl_easy_setopt(w->curl, CURLOPT_CUSTOMREQUEST, w->method);
    if (strcasecmp(w->method, "HEAD") == 0)
        lib.curl_easy_setopt(w->curl, CURLOPT_NOBODY, 1L);
}

static int
set_up(struct work *w, struct err *e)
{
    const struct transfer *x = w->x;

    set_limits(w);
    w->url = str_dup(x->url);
    lib.curl_easy_setopt(w->curl, CURLOPT_URL, w->url);
    lib.curl_easy_setopt(w->curl, CURLOPT_ERRORBUFFER, w->text);
    lib.curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, take_body);
    lib.curl_easy_setopt(w->curl, CURLOPT_WRITEDATA, w);
    lib.curl_easy_setopt(w->curl, CURLOPT_HEADERFUNCTION, take_head);
    lib.curl_easy_setopt(w->curl, CURLOPT_HEADERDATA, w);
    if (add_headers(w, e) < 0 || set_body(w, e) < 0)
        return e->code;
    lib.curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, w->headers);
    if (x->user.p != NULL) {
        w->user = str_dup(x->user);
        w->password = str_dup(x->password.p != NULL ? x->password : STR(""));
        lib.curl_easy_setopt(w->curl, CURLOPT_USERNAME, w->user);
        lib.curl_easy_setopt(w->curl, CURLOPT_PASSWORD, w->password);
    }
    set_method(w);
    return 0;
}

static int
blame(const struct work *w, CURLcode rc, struct err *e)
{
    struct str url = shown(w->x->url);

    if (w->too_large)
        return err_set(e, ERR_TOOLARGE, "%.*s: the answer is larger than %lld bytes", STR_ARG(url),
                       (long long)w->x->limit);
    if (rc == CURLE_ABORTED_BY_CALLBACK)
        return err_set(e, ERR_UNAVAILABLE, "%.*s: given up", STR_ARG(url));
    if (w->write_error != 0) {
        errno = w->write_error;
        return err_errno(e, "%.*s: write the answer", STR_ARG(url));
    }
    return err_set(e, rc == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_UNAVAILABLE, "%.*s: %s",
                   STR_ARG(url), w->text[0] != '\0' ? w->text : lib.curl_easy_strerror(rc));
}

static int
perform(struct work *w, struct err *e)
{
    CURLcode rc;
    long status = 0;

    if (set_up(w, e) < 0)
        return e->code;
    rc = lib.curl_easy_perform(w->curl);
    if (rc != CURLE_OK)
        return blame(w, rc, e);
    lib.curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
    w->x->status = (int)status;
    return 0;
}

int
transfer_run(struct transfer *x, struct err *e)
{
    struct work w = {.x = x};
    int rc;

    if (check_url(x->url, e) < 0 || library(e) < 0)
        return e->code;
    if (has_breaks(x->method) || str_find_char(x->method, ' ', 0) >= 0)
        return err_set(e, ERR_INVALID, "'%.*s' is no method", STR_ARG(x->method));
    w.curl = lib.curl_easy_init();
    if (w.curl == NULL)
        return err_set(e, ERR_UNAVAILABLE, "libcurl has no room for another transfer");
    rc = perform(&w, e);
    lib.curl_easy_cleanup(w.curl);
    lib.curl_slist_free_all(w.headers);
    free(w.url);
    free(w.method);
    free(w.user);
    free(w.password);
    return rc;
}

void
transfer_done(struct transfer *x)
{
    buf_done(&x->answer);
    buf_done(&x->head);
}
