#include "auth/tokensign.h"

#include "api/apiserver.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "data/base64.h"
#include "data/json.h"
#include "data/openssl.h"

#define ISSUER "https://kubernetes.default.svc"
static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

enum { MAC_BYTES = 32, MAX_TOKEN = 8192 };

static void
mac(const struct tokensign *s, struct str text, unsigned char to[MAC_BYTES])
{
    unsigned n = 0;

    CHECK(openssl()->HMAC(openssl()->EVP_sha256(), s->key, sizeof s->key,
                          (const unsigned char *)text.p, text.n, to, &n) != NULL &&
          n == MAC_BYTES);
}

static void
add_pod(struct json_build *b, const struct apitoken *t)
{
    if (t->pod_uid.n == 0)
        return;
    json_add_object(b, "pod");
    json_add_str(b, "name", t->pod_name);
    json_add_str(b, "uid", t->pod_uid);
    json_end(b);
}

static void
write_claims(const struct apitoken *t, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    json_add_array(&b, "aud");
    json_add_str(&b, NULL, t->audience.n > 0 ? t->audience : STR(ISSUER));
    json_end(&b);
    json_add_int(&b, "exp", t->expires_us / CLOCK_SECOND);
    json_add_int(&b, "iat", t->issued_us / CLOCK_SECOND);
    json_add_cstr(&b, "iss", ISSUER);
    json_add_object(&b, "kubernetes.io");
    json_add_str(&b, "namespace", t->ns);
    add_pod(&b, t);
    json_add_object(&b, "serviceaccount");
    json_add_str(&b, "name", t->name);
    json_add_str(&b, "uid", t->uid);
    json_end(&b);
    json_end(&b);
    json_add_int(&b, "nbf", t->issued_us / CLOCK_SECOND);
    json_add_printf(&b, "sub", "system:serviceaccount:%.*s:%.*s", STR_ARG(t->ns), STR_ARG(t->name));
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
}

void
tokensign_write(const struct tokensign *s, const struct apitoken *t, struct buf *to)
{
    cleanup_buf struct buf claims = BUF_INIT, text = BUF_INIT;
    unsigned char sum[MAC_BYTES];

    write_claims(t, &claims);
    base64_encode(str_of(header), BASE64_URL_NO_PAD, &text);
    buf_char(&text, '.');
    base64_encode(buf_view(&claims), BASE64_URL_NO_PAD, &text);
    mac(s, buf_view(&text), sum);
    buf_str(to, buf_view(&text));
    buf_char(to, '.');
    base64_encode(str_make((const char *)sum, sizeof sum), BASE64_URL_NO_PAD, to);
}

static int
wrong(struct err *e)
{
    return err_set(e, ERR_UNAUTHORIZED, "Unauthorized");
}

static struct str
keep(struct arena *a, const struct json *text)
{
    struct str s = json_str(text);

    return s.p != NULL ? str_make(str_dup_arena(a, s), s.n) : STR_NULL;
}

static int
read_claims(struct arena *a, const struct json *claims, int64_t now_us, struct apitoken *ret,
            struct err *e)
{
    const struct json *k = json_get(claims, "kubernetes.io");
    int64_t from = 0, to = 0;

    if (!json_int(json_get(claims, "nbf"), &from) || !json_int(json_get(claims, "exp"), &to) ||
        now_us < from * CLOCK_SECOND || now_us >= to * CLOCK_SECOND ||
        !str_is(json_str(json_item(json_get(claims, "aud"), 0)), ISSUER))
        return wrong(e);
    ret->ns = keep(a, json_get(k, "namespace"));
    ret->name = keep(a, json_at_path(k, "serviceaccount.name"));
    ret->uid = keep(a, json_at_path(k, "serviceaccount.uid"));
    ret->pod_name = keep(a, json_at_path(k, "pod.name"));
    ret->pod_uid = keep(a, json_at_path(k, "pod.uid"));
    ret->issued_us = from * CLOCK_SECOND;
    ret->expires_us = to * CLOCK_SECOND;
    return ret->ns.n > 0 && ret->name.n > 0 ? 0 : wrong(e);
}

int
tokensign_read(const struct tokensign *s, struct arena *a, struct str token, int64_t now_us,
               struct apitoken *ret, struct err *e)
{
    static const struct json_limits limits = {.bytes = MAX_TOKEN, .depth = 8};
    cleanup_buf struct buf sent = BUF_INIT, claims = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    unsigned char sum[MAC_BYTES];
    struct str rest = token, head = str_cut(&rest, '.'), body = str_cut(&rest, '.');
    struct err why = ERR_INIT;

    *ret = (struct apitoken){.ns = STR_NULL};
    if (token.n > MAX_TOKEN || rest.p == NULL || body.p == NULL ||
        base64_decode(rest, BASE64_URL_NO_PAD, &sent, &why) < 0 || sent.n != MAC_BYTES)
        return wrong(e);
    mac(s, str_make(token.p, head.n + 1 + body.n), sum);
    if (openssl()->CRYPTO_memcmp(sum, sent.p, MAC_BYTES) != 0 ||
        base64_decode(body, BASE64_URL_NO_PAD, &claims, &why) < 0 ||
        json_parse(buf_view(&claims), &limits, &doc, &why) < 0)
        return wrong(e);
    return read_claims(a, json_root(doc), now_us, ret, e);
}
