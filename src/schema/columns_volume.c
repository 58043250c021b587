#include "base/buf.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/columns_int.h"

static void
write_amount(const struct json *amount, struct buf *to)
{
    buf_cstr(to, json_cstr_or(amount, "0"));
}

static void
write_modes(const struct json *modes, struct buf *to)
{
    static const char *const names[][2] = {{"ReadWriteOnce", "RWO"},
                                           {"ReadOnlyMany", "ROX"},
                                           {"ReadWriteMany", "RWX"},
                                           {"ReadWriteOncePod", "RWOP"}};
    size_t before = to->n;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        JSON_EACH (it, modes) {
            if (!str_is(json_str(it.value), names[i][0]))
                continue;
            buf_printf(to, "%s%s", to->n > before ? "," : "", names[i][1]);
            break;
        }
    }
}

static void
write_status(const struct json *object, struct buf *to)
{
    bool going = !json_is_null(json_at_path(object, "metadata.deletionTimestamp"));

    buf_str(to, going ? STR("Terminating") : json_str(json_at_path(object, "status.phase")));
}

static void
write_class(const struct json *object, struct buf *to)
{
    struct str old = json_str(json_get(json_at_path(object, "metadata.annotations"),
                                       "volume.beta.kubernetes.io/storage-class"));

    buf_str(to, old.p != NULL ? old : json_str(json_at_path(object, "spec.storageClassName")));
}

void
columns_claim_status(const struct json *claim, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_status(claim, to);
}

static bool
is_bound(const struct json *claim)
{
    return json_str(json_at_path(claim, "spec.volumeName")).n > 0;
}

void
columns_claim_capacity(const struct json *claim, int64_t now_us, struct buf *to)
{
    (void)now_us;
    if (is_bound(claim))
        write_amount(json_at_path(claim, "status.capacity.storage"), to);
}

void
columns_claim_modes(const struct json *claim, int64_t now_us, struct buf *to)
{
    (void)now_us;
    if (is_bound(claim))
        write_modes(json_at_path(claim, "status.accessModes"), to);
}

void
columns_claim_class(const struct json *claim, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_class(claim, to);
}

void
columns_volume_capacity(const struct json *volume, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_amount(json_at_path(volume, "spec.capacity.storage"), to);
}

void
columns_volume_modes(const struct json *volume, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_modes(json_at_path(volume, "spec.accessModes"), to);
}

void
columns_volume_status(const struct json *volume, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_status(volume, to);
}

void
columns_volume_claim(const struct json *volume, int64_t now_us, struct buf *to)
{
    const struct json *claim = json_at_path(volume, "spec.claimRef");

    (void)now_us;
    if (claim != NULL)
        buf_printf(to, "%s/%s", json_cstr_or(json_get(claim, "namespace"), ""),
                   json_cstr_or(json_get(claim, "name"), ""));
}

void
columns_volume_class(const struct json *volume, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_class(volume, to);
}
