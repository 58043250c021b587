#include "data/protobuf.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/unit/test.h"

TEST(protobuf_reads_a_field_of_each_wire_type)
{
    /* 1: varint 300; 2: "ab"; 3: eight bytes; 4: four bytes */
    struct str rest = STR("\x08\xac\x02"
                          "\x12\x02"
                          "ab"
                          "\x19\x01\0\0\0\0\0\0\x80"
                          "\x25\x02\0\0\0");
    struct protobuf_field f;
    struct err e = ERR_INIT;

    CHECK_INT(protobuf_next(&rest, &f, &e), 1);
    CHECK_INT(f.number, 1);
    CHECK_INT(f.value, 300);
    CHECK_INT(protobuf_next(&rest, &f, &e), 1);
    CHECK_INT(f.number, 2);
    CHECK_VIEW(f.bytes, "ab");
    CHECK_INT(protobuf_next(&rest, &f, &e), 1);
    CHECK_INT(f.wire, PROTOBUF_FIXED64);
    CHECK_TRUE(f.value == 0x8000000000000001);
    CHECK_INT(protobuf_next(&rest, &f, &e), 1);
    CHECK_INT(f.wire, PROTOBUF_FIXED32);
    CHECK_INT(f.value, 2);
    CHECK_INT(protobuf_next(&rest, &f, &e), 0);
}

TEST(protobuf_refuses_what_is_no_field)
{
    static const struct {
        struct str bytes;
        const char *error;
    } cases[] = {
        {STR("\x08"), "field 1: a number ends too early"},
        {STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "a number ends too early"},
        {STR("\x02\0"), "0 is no field number"},
        {STR("\x12\x05"
             "ab"),
         "field 2: 5 bytes are announced and 2 are there"},
        {STR("\x19\x01"), "field 3: a number of 8 bytes ends too early"},
        {STR("\x0b"), "field 1: wire type 3 is not known"},
        {STR("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
         "field 2: 18446744073709551615 bytes are announced and 0 are there"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str rest = cases[i].bytes;
        struct protobuf_field f;
        struct err e = ERR_INIT;

        CHECK_INT(protobuf_next(&rest, &f, &e), ERR_BADREQUEST);
        CHECK_STR(e.msg, cases[i].error);
    }
}

TEST(protobuf_takes_a_message_of_empty_fields_for_empty)
{
    /* { 1: "", 2: 0, 3: { 1: "" } } */
    struct protobuf_field f = {.wire = PROTOBUF_BYTES, .bytes = STR("\x0a\0\x10\0\x1a\x02\x0a\0")};

    CHECK_TRUE(protobuf_is_empty(&f));
    f.bytes = STR("\x0a\0\x10\x01");
    CHECK_FALSE(protobuf_is_empty(&f));
    f.bytes = STR("text");
    CHECK_FALSE(protobuf_is_empty(&f));
    f = (struct protobuf_field){.wire = PROTOBUF_VARINT};
    CHECK_TRUE(protobuf_is_empty(&f));
}

TESTS_MAIN(T_(protobuf_reads_a_field_of_each_wire_type), T_(protobuf_refuses_what_is_no_field),
           T_(protobuf_takes_a_message_of_empty_fields_for_empty))
