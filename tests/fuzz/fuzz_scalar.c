/*
 * fuzz_scalar - the small texts of manifests: durations, quantities, times, Base64, names.  What is
 * read is within its range, can be written, and is then read as the same value.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/base64.h"
#include "data/duration.h"
#include "data/quantity.h"
#include "data/timestamp.h"
#include "runner/amount.h"
#include "schema/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_duration(struct str text)
{
    cleanup_buf struct buf written = BUF_INIT, age = BUF_INIT;
    int64_t ns, again;
    struct err e = ERR_INIT;

    if (duration_parse(text, &ns, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return;
    }
    duration_write(&written, ns);
    CHECK(duration_parse(buf_view(&written), &again, &e) == 0 && again == ns);
    duration_write_age(&age, ns);
}

static void
try_quantity(struct str text)
{
    cleanup_buf struct buf written = BUF_INIT, sum = BUF_INIT;
    struct quantity q, again;
    int64_t milli, value;
    struct err e = ERR_INIT;

    if (quantity_parse(text, &q, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        CHECK(!amount_milli(text, &milli) && !amount_value(text, &value));
        return;
    }
    quantity_write(&written, q);
    CHECK(quantity_parse(buf_view(&written), &again, &e) == 0);
    CHECK(quantity_cmp(q, again) == 0);
    CHECK(q.nano < 0 || quantity_cmp(quantity_add(q, q), q) >= 0);
    quantity_write(&sum, quantity_add(q, again));
    CHECK(amount_value(text, &value) == (q.nano >= 0));
    if (amount_milli(text, &milli))
        CHECK(milli >= 0 && milli == quantity_milli(q));
}

static void
try_timestamp(struct str text)
{
    static const char letters[] = "AaBbCcDdeFHIjklMmnpRrSTtUuVvWwXxYyZzsLf";
    cleanup_buf struct buf written = BUF_INIT, other = BUF_INIT;
    struct timestamp_parts parts;
    int64_t us, again;
    struct err e = ERR_INIT;

    if (timestamp_parse(text, &us, &e) < 0) {
        CHECK(e.msg[0] != '\0');
        return;
    }
    parts = timestamp_split(us);
    CHECK(timestamp_join(&parts) == us);
    CHECK(parts.month >= 1 && parts.month <= 12 && parts.day >= 1 && parts.day <= 31);
    CHECK(parts.week_day >= 0 && parts.week_day < 7 && parts.year_day >= 0 && parts.year_day < 366);
    for (const char *c = letters; *c != '\0'; c++)
        CHECK(timestamp_write_letter(&other, us, *c));
    if (parts.year < 0 || parts.year > 9999)
        return; /* an offset can lead out of the years that can be written */
    timestamp_write(&written, us);
    CHECK(timestamp_parse(buf_view(&written), &again, &e) == 0);
    CHECK(us - parts.micro == again);
}

static void
try_base64(struct str text)
{
    static const enum base64_alphabet alphabets[] = {BASE64_STANDARD, BASE64_URL,
                                                     BASE64_URL_NO_PAD};
    cleanup_buf struct buf loose = BUF_INIT;

    for (size_t i = 0; i < ARRAY_LEN(alphabets); i++) {
        cleanup_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
        struct err e = ERR_INIT;

        if (base64_decode(text, alphabets[i], &bytes, &e) == 0) {
            base64_encode(buf_view(&bytes), alphabets[i], &again);
            CHECK(str_eq(buf_view(&again), text));
        } else {
            CHECK(bytes.n == 0 && e.msg[0] != '\0');
        }
    }
    if (!base64_decode_loose(text, &loose))
        CHECK(loose.n == 0);
}

/* What is a label is a subdomain, and what is one may stand in a path. */
static void
try_names(struct str text)
{
    if (names_check(NAMES_SERVICE, text) == NULL)
        CHECK(names_check(NAMES_LABEL, text) == NULL);
    if (names_check(NAMES_LABEL, text) == NULL)
        CHECK(names_check(NAMES_SUBDOMAIN, text) == NULL &&
              names_check(NAMES_QUALIFIED, text) == NULL);
    if (names_check(NAMES_SUBDOMAIN, text) == NULL)
        CHECK(names_check(NAMES_PATH_SEGMENT, text) == NULL &&
              names_check(NAMES_DATA_KEY, text) == NULL);
    (void)names_check(NAMES_LABEL_VALUE, text);
    (void)names_check(NAMES_ENV, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* On the heap and of exactly this size, so that a read beyond it is seen. */
    cleanup_free char *copy = xmemdup(data, size);
    struct str text = str_make(copy, size);

    try_duration(text);
    try_quantity(text);
    try_timestamp(text);
    try_base64(text);
    try_names(text);
    return 0;
}
