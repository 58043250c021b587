#include "cli/loopback.h"

#include <string.h>
#include <strings.h>

#include "cli/settings.h"

static void
add(loopback_ports *to, uint32_t port)
{
    for (size_t i = 0; i < to->n; i++) {
        if (to->at[i] == port)
            return;
    }
    vec_push(to, port);
}

static bool
is_same(struct str text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

static bool
is_loopback(struct str host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (is_same(host, names[i]))
            return true;
    }
    return false;
}

static uint16_t
usual_port(struct str scheme)
{
    if (is_same(scheme, "https"))
        return 443;
    return scheme.n >= 5 && strncasecmp(scheme.p, "socks", 5) == 0 ? 1080 : 80;
}

/* Up to one of `ends`. */
static struct str
head_of(struct str text, const char *ends)
{
    size_t n = 0;

    while (n < text.n && strchr(ends, text.p[n]) == NULL)
        n++;
    return str_slice(text, 0, n);
}

/* The port of a URL, or of a proxy's HOST:PORT, whose host is this machine's loopback; else 0. */
static uint16_t
port_of(struct str url)
{
    const char *mark = memmem(url.p, url.n, "://", 3);
    struct str scheme = STR(""), host;
    int64_t port;
    const char *at;

    if (mark != NULL) {
        scheme = str_slice(url, 0, (size_t)(mark - url.p));
        url = str_slice(url, scheme.n + 3, url.n);
    }
    url = head_of(url, "/?#");
    at = memrchr(url.p, '@', url.n);
    if (at != NULL)
        url = str_slice(url, (size_t)(at - url.p) + 1, url.n);
    host = url.n > 0 && url.p[0] == '[' ? str_slice(url, 0, head_of(url, "]").n + 1)
                                        : head_of(url, ":");
    if (!is_loopback(host))
        return 0;
    if (host.n + 1 >= url.n)
        return usual_port(scheme);
    return str_to_int(str_slice(url, host.n + 1, url.n), &port) && port > 0 && port <= UINT16_MAX
               ? (uint16_t)port
               : 0;
}

/* The names of proxies need no scheme. */
static bool
is_proxy(struct str name)
{
    return name.n >= 5 && strncasecmp(name.p + name.n - 5, "proxy", 5) == 0 &&
           !is_same(name, "no_proxy");
}

static void
add_of(const char *variable, loopback_ports *ret)
{
    struct str rest = str_of(variable), name = str_cut(&rest, '=');

    while (rest.n > 0) {
        struct str word = head_of(rest, " \t\r\n,");
        uint16_t port = 0;

        if (is_proxy(name) || memmem(word.p, word.n, "://", 3) != NULL)
            port = port_of(word);
        if (port != 0)
            add(ret, port);
        rest = str_slice(rest, word.n + 1, rest.n);
    }
}

void
loopback_find(const struct settings *s, const char *const *variables, loopback_ports *ret)
{
    for (size_t i = 0; i < s->loopback_ports.n; i++) {
        int64_t port;

        if (str_to_int(str_of(s->loopback_ports.at[i]), &port))
            add(ret, (uint32_t)port);
    }
    for (const char *const *v = variables; v != NULL && *v != NULL; v++)
        add_of(*v, ret);
}
