#include "base/buf.h"
#include "base/err.h"
#include "http/multipart.h"
#include "tests/unit/test.h"

/* Writes down what is told: "name(file,type)[content]". */

static int
on_part(void *arg, const struct multipart_part *part, struct err *e)
{
    if (str_is(part->name, "refused"))
        return err_set(e, ERR_FORBIDDEN, "not that one");
    buf_printf(arg, "%.*s(%.*s,%.*s)[", STR_ARG(part->name),
               STR_ARG(part->filename.p != NULL ? part->filename : STR("-")),
               STR_ARG(part->content_type.p != NULL ? part->content_type : STR("-")));
    return 0;
}

static int
on_bytes(void *arg, struct str bytes, struct err *e)
{
    (void)e;
    if (bytes.n == 0)
        fail_msg("told of no bytes");
    buf_str(arg, bytes);
    return 0;
}

static int
on_part_end(void *arg, struct err *e)
{
    (void)e;
    buf_cstr(arg, "]");
    return 0;
}

static const struct multipart_handler handler = {on_part, on_bytes, on_part_end};

/* Reads a form `step` bytes at a time. */
static int
read_form(const char *type, struct str text, size_t step, struct buf *to, struct err *e)
{
    cleanup_multipart struct multipart *m = multipart_new(str_of(type), &handler, to, e);

    buf_clear(to);
    if (m == NULL)
        return e->code;
    for (size_t at = 0; at < text.n; at += step)
        if (multipart_feed(m, str_slice(text, at, at + step), e) < 0)
            return e->code;
    return multipart_end(m, e);
}

#define TYPE "multipart/form-data; boundary=XX"
#define PART "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n"

TEST(forms_are_read_however_they_are_cut)
{
    static const struct {
        const char *type, *text, *want;
    } cases[] = {
        {TYPE, PART "one\r\n--XX--", "a(-,-)[one]"},
        {TYPE, PART "one\r\n--XX--\r\n", "a(-,-)[one]"},
        {TYPE, "preamble\r\n" PART "one\r\n--XX--\r\nepilogue", "a(-,-)[one]"},
        {TYPE, PART "\r\n--XX--\r\n", "a(-,-)[]"},
        {TYPE, "--XX--", ""},
        {TYPE, PART "1\r\n" PART "2\r\n--XX--", "a(-,-)[1]a(-,-)[2]"},
        {TYPE, PART "a\r\n--X\r\r\n--XY\r\n-\r\n--\r\n--XX--",
         "a(-,-)[a\r\n--X\r\r\n--XY\r\n-\r\n--]"},
        {TYPE, PART "a--XX\r\r\n--XX  \r\nContent-Disposition:form-data;name=b\r\n\r\n\r\n--XX--",
         "a(-,-)[a--XX\r]b(-,-)[]"},
        {"Multipart/Form-Data; charset=x; boundary=\"X X\"",
         "--X X\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a;b.txt\"\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nX-Other: y\r\n\r\nx\n\r\n--X X--",
         "f(a;b.txt,text/plain; charset=utf-8)[x\n]"},
        {TYPE,
         "--XX\r\nContent-Disposition: form-data; filename=\"C:\\dir\\\"q\\\".txt\"; "
         "name=\"\xc3\xa4 b\"\r\n\r\n\r\n--XX--",
         "\xc3\xa4 b(C:\\dir\"q\".txt,-)[]"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"\"; filename=\"\"\r\n\r\n\r\n--XX--",
         "(,-)[]"},
    };
    cleanup_buf struct buf got = BUF_INIT;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step < 200; step++) {
            struct err e = ERR_INIT;

            if (read_form(cases[i].type, str_of(cases[i].text), step, &got, &e) < 0)
                fail_msg("case %zu by %zu: %s", i, step, e.msg);
            if (strcmp(buf_cstring(&got), cases[i].want) != 0)
                fail_msg("case %zu by %zu: %s", i, step, buf_cstring(&got));
        }
    }
}

TEST(what_is_no_form_is_refused)
{
    static const struct {
        const char *type, *text, *why;
    } cases[] = {
        {"application/json", "",
         "Content-Type must be multipart/form-data, not 'application/json'"},
        {"multipart/form-data", "", "must have a boundary"},
        {"multipart/form-data; boundary=", "", "must have a boundary"},
        {"multipart/form-data; boundary=\"x", "", "must have a boundary"},
        {"multipart/form-data; boundary=\"x\ty\"", "", "must have a boundary"},
        {"multipart/form-data; boundary=\"x \"", "", "must have a boundary"},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         "", "must have a boundary"},
        {TYPE, "", "the form ends within part 0"},
        {TYPE, "--XX", "the form ends within part 0"},
        {TYPE, PART "one", "the form ends within part 1"},
        {TYPE, PART "one\r\n--XX\r\n", "the form ends within part 2"},
        {TYPE, "--XXY\r\n", "something follows a boundary"},
        {TYPE, "--XX\nContent", "something follows a boundary"},
        {TYPE, PART "one\r\n--XX-x", "something follows a boundary"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=a\n\r\n", "line feed without"},
        {TYPE, "--XX\r\nno colon\r\n\r\n", "part 1: a malformed header"},
        {TYPE, "--XX\r\nA b: c\r\n\r\n", "part 1: a malformed header"},
        {TYPE, "--XX\r\n\r\nx", "a header 'Content-Disposition: form-data; name=...' was expected"},
        {TYPE, "--XX\r\nContent-Disposition: form-data\r\n\r\n", "was expected"},
        {TYPE, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n", "was expected"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", "was expected"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=refused\r\n\r\n", "not that one"},
    };
    cleanup_buf struct buf got = BUF_INIT;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step < 100; step += 7) {
            struct err e = ERR_INIT;

            if (read_form(cases[i].type, str_of(cases[i].text), step, &got, &e) == 0)
                fail_msg("case %zu is accepted", i);
            CHECK_CONTAINS(e.msg, cases[i].why);
        }
    }
}

TEST(ceilings_are_named)
{
    cleanup_buf struct buf text = BUF_INIT, got = BUF_INIT;
    struct err e = ERR_INIT;

    buf_cstr(&text, "--XX\r\nX: ");
    buf_fill(&text, 'y', MULTIPART_MAX_HEADERS);
    CHECK_TRUE(read_form(TYPE, buf_view(&text), 1000, &got, &e) < 0);
    CHECK_STR(e.msg, "part 1: the headers are longer than 8192 bytes");

    buf_clear(&text);
    buf_fill(&text, 'y', MULTIPART_MAX_AROUND + 1);
    CHECK_TRUE(read_form(TYPE, buf_view(&text), 1000, &got, &e) < 0);
    CHECK_STR(e.msg, "more than 65536 bytes outside of the parts");

    buf_clear(&text);
    for (int i = 0; i <= MULTIPART_MAX_PARTS; i++)
        buf_cstr(&text, PART "\r\n");
    CHECK_TRUE(read_form(TYPE, buf_view(&text), 1000, &got, &e) < 0);
    CHECK_STR(e.msg, "more than 1000 parts");
}

TESTS_MAIN(T_(forms_are_read_however_they_are_cut), T_(what_is_no_form_is_refused),
           T_(ceilings_are_named))
