#include "api/continuetoken.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/base64.h"
#include "data/json.h"

void
continuetoken_write(const struct continuetoken *t, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf json = BUF_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "v", "meta.k8s.io/v1");
    json_add_int(&b, "rv", t->rv);
    json_add_str(&b, "ns", t->ns);
    json_add_str(&b, "name", t->name);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(&json, json_root(doc));
    base64_encode(buf_view(&json), BASE64_URL_NO_PAD, to);
}

/* Bits that no byte holds are let pass, as Go does. */
static bool
decode(struct str text, struct buf *to)
{
    cleanup_buf struct buf padded = BUF_INIT;

    for (size_t i = 0; i < text.n; i++)
        buf_char(&padded, text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : text.p[i]);
    buf_fill(&padded, '=', (4 - text.n % 4) % 4);
    return base64_decode_loose(buf_view(&padded), to);
}

int
continuetoken_read(struct arena *a, struct str text, struct continuetoken *ret, struct err *e)
{
    static const struct json_limits limits = {.bytes = 4096, .depth = 2};
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf json = BUF_INIT;
    const struct json *root;
    struct err why = ERR_INIT;

    if (!decode(text, &json))
        return err_set(e, ERR_BADREQUEST, "continue key is not valid: illegal base64 data");
    if (json.n > 0 && json.p[0] != '{') {
        unsigned char first = (unsigned char)json.p[0];
        char shown[3] = {(char)first, 0, 0};

        /* Go shows a byte as the character of that number. */
        if (first >= 0x80) {
            shown[0] = (char)(0xc0 | (first >> 6));
            shown[1] = (char)(0x80 | (first & 0x3f));
        }
        return err_set(e, ERR_BADREQUEST,
                       "continue key is not valid: invalid character '%s' looking for beginning "
                       "of value",
                       shown);
    }
    if (json_parse(buf_view(&json), &limits, &doc, &why) < 0)
        return err_set(e, ERR_BADREQUEST, "continue key is not valid: %s", why.msg);
    root = json_root(doc);
    if (!json_int(json_get(root, "rv"), &ret->rv) || json_str(json_get(root, "name")).n == 0)
        return err_set(e, ERR_BADREQUEST, "continue key is not valid: it names no object");
    ret->ns = str_of(str_dup_arena(a, json_str(json_get(root, "ns"))));
    ret->name = str_of(str_dup_arena(a, json_str(json_get(root, "name"))));
    return 0;
}
