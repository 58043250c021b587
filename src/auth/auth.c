#include "auth/auth.h"

#include <fcntl.h>
#include <string.h>

#include "api/apiserver.h"
#include "auth/rights.h"
#include "auth/tokenfile.h"
#include "auth/tokensign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/base64.h"
#include "data/openssl.h"
#include "edge/caller.h"
#include "io/file.h"

enum { MAX_TOKEN_FILE = 4 * 1024 * 1024, TOKEN_BYTES = 32 };

struct auth {
    struct tokenfile *known;
    struct tokensign sign;
    const struct clock *clock;
    struct str groups[2];
    struct caller local;
};

static int
random_bytes(unsigned char *to, size_t n, struct err *e)
{
    if (openssl()->RAND_bytes(to, (int)n) != 1)
        return err_set(e, ERR_IO, "the system gives no random bytes");
    return 0;
}

/* The content of a file of ours, made of random bytes if it is not there. */
static int
read_or_make(const char *path, bool as_text, struct buf *to, struct err *e)
{
    unsigned char bytes[TOKEN_BYTES] = {0};
    struct str raw = str_make((const char *)bytes, sizeof bytes);

    if (file_read(AT_FDCWD, path, 4096, to, e) >= 0)
        return 0;
    if (e->code != ERR_NOTFOUND || random_bytes(bytes, sizeof bytes, e) < 0)
        return e->code;
    *e = ERR_INIT;
    if (as_text)
        base64_encode(raw, BASE64_URL_NO_PAD, to);
    else
        buf_str(to, raw);
    return file_replace(AT_FDCWD, path, buf_view(to), 0600, true, e);
}

char *
auth_token_path(const char *data_dir)
{
    return xasprintf("%s/auth/token", data_dir);
}

static int
open_own(struct auth *a, const char *data_dir, struct err *e)
{
    cleanup_free char *dir = xasprintf("%s/auth", data_dir), *key = xasprintf("%s/key", dir);
    cleanup_free char *token = auth_token_path(data_dir);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_buf struct buf secret = BUF_INIT;

    if (file_mkdirs(AT_FDCWD, dir, 0700, e) < 0 || read_or_make(key, false, &secret, e) < 0 ||
        read_or_make(token, true, &text, e) < 0)
        return e->code;
    if (secret.n != sizeof a->sign.key || text.n == 0)
        return err_set(e, ERR_INVALID, "%s is damaged: remove it, and all tokens are new", dir);
    memcpy(a->sign.key, secret.p, secret.n);
    tokenfile_add(a->known, str_trim(buf_view(&text)), STR("sluice-admin"), STR("sluice-admin"),
                  STR("system:masters"));
    return 0;
}

static int
read_file(struct auth *a, const char *path, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (path == NULL) {
        a->known = tokenfile_new();
        return 0;
    }
    if (file_read(AT_FDCWD, path, MAX_TOKEN_FILE, &text, e) < 0)
        return err_wrap(e, "the token file");
    if (tokenfile_parse(buf_view(&text), &a->known, e) < 0)
        return err_wrap(e, "the token file %s", path);
    return 0;
}

int
auth_open(const char *data_dir, const char *token_file, const struct clock *clock,
          struct auth **ret, struct err *e)
{
    cleanup_auth struct auth *a = NEW(struct auth);

    a->clock = clock;
    a->groups[0] = STR("system:masters");
    a->groups[1] = STR("system:authenticated");
    a->local = (struct caller){.kind = CALLER_LOCAL,
                               .name = STR("sluice-admin"),
                               .uid = STR("sluice-admin"),
                               .groups = a->groups,
                               .groups_n = 2};
    if (read_file(a, token_file, e) < 0 || open_own(a, data_dir, e) < 0)
        return e->code;
    *ret = TAKE(a);
    return 0;
}

void
auth_free(struct auth *a)
{
    if (a == NULL)
        return;
    tokenfile_free(a->known);
    explicit_bzero(&a->sign, sizeof a->sign);
    free(a);
}

const struct caller *
auth_local(const struct auth *a)
{
    return &a->local;
}

static void
be_account(struct arena *a, const struct apitoken *t, struct caller *ret)
{
    struct str *groups = ARENA_ARRAY(a, struct str, 3);

    groups[0] = STR("system:serviceaccounts");
    groups[1] = str_of(arena_printf(a, "system:serviceaccounts:%.*s", STR_ARG(t->ns)));
    groups[2] = STR("system:authenticated");
    *ret = (struct caller){
        .kind = CALLER_TOKEN,
        .name = str_of(
            arena_printf(a, "system:serviceaccount:%.*s:%.*s", STR_ARG(t->ns), STR_ARG(t->name))),
        .uid = t->uid,
        .pod_name = t->pod_name,
        .pod_uid = t->pod_uid,
        .groups = groups,
        .groups_n = 3,
    };
}

int
auth_authenticate(void *auth, struct arena *a, struct str token, struct caller *ret, struct err *e)
{
    const struct auth *self = auth;
    struct apitoken t;

    if (tokenfile_find(self->known, token, ret))
        return 0;
    if (tokensign_read(&self->sign, a, token, clock_wall_us(self->clock), &t, e) < 0)
        return e->code;
    be_account(a, &t, ret);
    return 0;
}

bool
auth_authorize(void *auth, const struct caller *who, const struct apiright *right)
{
    (void)auth;
    return rights_allow(who, right);
}

void
auth_rules(void *auth, const struct caller *who, struct str ns, struct buf *to)
{
    (void)auth;
    rights_rules(who, ns, to);
}

void
auth_sign(void *auth, const struct apitoken *t, struct buf *to)
{
    tokensign_write(&((const struct auth *)auth)->sign, t, to);
}
