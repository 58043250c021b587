#include "http/head.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/limits.h"
#include "http/octets.h"

enum state {
    BAD, /* 0, so that what the table leaves out is refused */
    EMPTY,
    EMPTY_LF,
    START,
    METHOD,
    TARGET_START,
    TARGET,
    VERSION,
    STATUS_VERSION,
    STATUS,
    REASON,
    LINE_LF,
    FIELD,
    NAME,
    VALUE,
    VALUE_LF,
    END_LF,
    DONE,
    STATES
};

static const unsigned char next[STATES][OCTET_COUNT] = {
    [EMPTY] = {[OCTET_TOKEN] = METHOD, [OCTET_CR] = EMPTY_LF},
    [EMPTY_LF] = {[OCTET_LF] = START},
    [START] = {[OCTET_TOKEN] = METHOD},
    [METHOD] = {[OCTET_TOKEN] = METHOD, [OCTET_SPACE] = TARGET_START},
    [TARGET_START] = {[OCTET_TOKEN] = TARGET, [OCTET_COLON] = TARGET, [OCTET_VISIBLE] = TARGET},
    [TARGET] = {[OCTET_TOKEN] = TARGET,
                [OCTET_COLON] = TARGET,
                [OCTET_VISIBLE] = TARGET,
                [OCTET_SPACE] = VERSION},
    [VERSION] = {[OCTET_TOKEN] = VERSION, [OCTET_VISIBLE] = VERSION, [OCTET_CR] = LINE_LF},
    [STATUS_VERSION] =
        {[OCTET_TOKEN] = STATUS_VERSION, [OCTET_VISIBLE] = STATUS_VERSION, [OCTET_SPACE] = STATUS},
    [STATUS] = {[OCTET_TOKEN] = STATUS, [OCTET_SPACE] = REASON, [OCTET_CR] = LINE_LF},
    [REASON] = {[OCTET_TAB] = REASON,
                [OCTET_SPACE] = REASON,
                [OCTET_TOKEN] = REASON,
                [OCTET_COLON] = REASON,
                [OCTET_VISIBLE] = REASON,
                [OCTET_HIGH] = REASON,
                [OCTET_CR] = LINE_LF},
    [LINE_LF] = {[OCTET_LF] = FIELD},
    [FIELD] = {[OCTET_TOKEN] = NAME, [OCTET_CR] = END_LF},
    [NAME] = {[OCTET_TOKEN] = NAME, [OCTET_COLON] = VALUE},
    [VALUE] = {[OCTET_TAB] = VALUE,
               [OCTET_SPACE] = VALUE,
               [OCTET_TOKEN] = VALUE,
               [OCTET_COLON] = VALUE,
               [OCTET_VISIBLE] = VALUE,
               [OCTET_HIGH] = VALUE,
               [OCTET_CR] = VALUE_LF},
    [VALUE_LF] = {[OCTET_LF] = FIELD},
    [END_LF] = {[OCTET_LF] = DONE},
};

/* Where in the message a state is, for a sentence. */
static const char *const places[STATES] = {
    [EMPTY] = "the request line",
    [EMPTY_LF] = "the line before the request line",
    [START] = "the request line",
    [METHOD] = "the method",
    [TARGET_START] = "the target",
    [TARGET] = "the target",
    [VERSION] = "the version",
    [STATUS_VERSION] = "the version",
    [STATUS] = "the status",
    [REASON] = "the status line",
    [LINE_LF] = "the end of the first line",
    [FIELD] = "the start of a field",
    [NAME] = "the name of a field",
    [VALUE] = "the value of a field",
    [VALUE_LF] = "the end of a field",
    [END_LF] = "the end of the head",
};

void
head_init(struct head *h, enum head_kind kind)
{
    h->kind = kind;
    h->state = kind == HEAD_REQUEST ? EMPTY : STATUS_VERSION;
    h->raw = (struct buf){.max = 0};
    h->fields = (struct fields){.at = NULL};
}

void
head_done(struct head *h)
{
    buf_done(&h->raw);
    free(h->fields.at);
}

bool
head_has_begun(const struct head *h)
{
    return h->raw.n > 0;
}

static int
refuse(int *ret_status, int status, struct err *e, const char *why)
{
    *ret_status = status;
    return err_set(e, ERR_BADREQUEST, "%s", why);
}

static int
refuse_line(int *ret_status, struct err *e)
{
    *ret_status = 414;
    return err_set(e, ERR_TOOLARGE, "the request line is longer than %d bytes", LIMIT_TARGET_BYTES);
}

static int
refuse_octet(enum state at, unsigned char c, int *ret_status, struct err *e)
{
    enum octet class = octet_class(c);
    bool white = class == OCTET_SPACE || class == OCTET_TAB;

    *ret_status = 400;
    if (at == FIELD && white)
        return err_set(
            e, ERR_BADREQUEST,
            "a line of the head begins with white space: folded fields are not accepted");
    if (at == NAME && white)
        return err_set(e, ERR_BADREQUEST, "white space between the name of a field and its colon");
    if (class == OCTET_LF)
        return err_set(e, ERR_BADREQUEST, "line feed without carriage return in %s", places[at]);
    if (at == EMPTY_LF || at == LINE_LF || at == VALUE_LF || at == END_LF)
        return err_set(e, ERR_BADREQUEST, "carriage return without line feed at %s", places[at]);
    return err_set(e, ERR_BADREQUEST, "byte 0x%02x in %s", c, places[at]);
}

static int
parse_version(struct head *h, struct str version, int *ret_status, struct err *e)
{
    if (str_is(version, "HTTP/1.1"))
        h->minor = 1;
    else if (str_is(version, "HTTP/1.0"))
        h->minor = 0;
    else if (version.n == 8 && str_starts(version, STR("HTTP/")) && version.p[6] == '.')
        return refuse(ret_status, 505, e, "this server speaks HTTP/1.0 and HTTP/1.1");
    else
        return refuse(ret_status, 400, e, "the version must be HTTP/1.1 or HTTP/1.0");
    return 0;
}

static int
split_status(struct head *h, struct str line, int *ret_status, struct err *e)
{
    struct str version = str_cut(&line, ' '), status = str_cut(&line, ' ');
    int64_t number;

    if (parse_version(h, version, ret_status, e) < 0)
        return e->code;
    if (status.n != 3 || !str_to_int(status, &number) || number < 100 || number > 599)
        return refuse(ret_status, 400, e, "the status must be a number from 100 to 599");
    h->status = (int)number;
    h->reason = line;
    return 0;
}

/* The table has let every octet pass, so this only looks for where things begin and end. */
static int
split(struct head *h, int *ret_status, struct err *e)
{
    struct str rest = buf_view(&h->raw), line;

    if (h->raw.p[0] == '\r')
        rest = str_slice(rest, 2, rest.n);
    line = str_cut(&rest, '\n');
    line.n--;
    if (h->kind == HEAD_RESPONSE) {
        if (split_status(h, line, ret_status, e) < 0)
            return e->code;
    } else {
        if (line.n > LIMIT_TARGET_BYTES)
            return refuse_line(ret_status, e);
        h->method = str_cut(&line, ' ');
        h->target = str_cut(&line, ' ');
        if (parse_version(h, line, ret_status, e) < 0)
            return e->code;
    }
    h->fields.at = NEW_ARRAY(struct field, h->fields.cap);
    for (line = str_cut(&rest, '\n'); line.n > 1; line = str_cut(&rest, '\n')) {
        struct str name;

        line.n--;
        name = str_cut(&line, ':');
        fields_add(&h->fields, name, str_trim(line));
    }
    return 1;
}

static int
check_size(const struct head *h, int *ret_status, struct err *e)
{
    *ret_status = 431;
    /* Before its end is there; split() looks again. */
    if (h->state <= TARGET && h->raw.n > LIMIT_TARGET_BYTES)
        return refuse_line(ret_status, e);
    if (h->fields.cap > FIELDS_MAX)
        return err_set(e, ERR_TOOLARGE, "the head has more than %d fields", FIELDS_MAX);
    if (h->raw.n > LIMIT_HEAD_BYTES)
        return err_set(e, ERR_TOOLARGE, "the head is longer than %d bytes", LIMIT_HEAD_BYTES);
    return 0;
}

int
head_feed(struct head *h, struct str bytes, size_t *ret_taken, int *ret_status, struct err *e)
{
    int state = h->state;
    size_t i = 0;

    while (i < bytes.n && state != DONE) {
        unsigned char c = (unsigned char)bytes.p[i++];
        int to = next[state][octet_class(c)];

        if (to == BAD)
            return refuse_octet((enum state)state, c, ret_status, e);
        if (to == NAME && state == FIELD)
            h->fields.cap++;
        state = to;
    }
    h->state = state;
    buf_add(&h->raw, bytes.p, i);
    *ret_taken = i;
    if (check_size(h, ret_status, e) < 0)
        return e->code;
    return state == DONE ? split(h, ret_status, e) : 0;
}
