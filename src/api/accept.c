#include "api/accept.h"

#include "http/fields.h"

static bool
read_parameter(struct str parameter, struct accept *to)
{
    struct str name = str_trim(str_cut(&parameter, '=')), value = str_trim(parameter);

    if (fields_name_is(name, "as")) {
        if (str_is(value, "Table"))
            to->as = ACCEPT_TABLE;
        else if (str_is(value, "PartialObjectMetadata") ||
                 str_is(value, "PartialObjectMetadataList"))
            to->as = ACCEPT_PARTIAL;
        else if (str_is(value, "APIGroupDiscoveryList"))
            to->as = ACCEPT_DISCOVERY;
        else
            return false;
    } else if (fields_name_is(name, "v")) {
        to->beta = str_is(value, "v1beta1");
        return to->beta || str_is(value, "v1") || str_is(value, "v2");
    } else if (fields_name_is(name, "q")) {
        return !str_is(value, "0") && !str_is(value, "0.0");
    }
    return true;
}

/* One item of the list. */
static bool
read_item(struct str item, struct accept *ret)
{
    struct str type = str_trim(str_cut(&item, ';'));
    struct accept found = {.yaml = fields_name_is(type, "application/yaml")};

    if (!found.yaml && !fields_name_is(type, "application/json") &&
        !fields_name_is(type, "application/*") && !fields_name_is(type, "*/*") &&
        !fields_name_is(type, "application/vnd.kubernetes.protobuf"))
        return false;
    while (item.p != NULL) {
        if (!read_parameter(str_cut(&item, ';'), &found))
            return false;
    }
    if (found.as == ACCEPT_DISCOVERY && found.beta)
        return false;
    *ret = found;
    return true;
}

bool
accept_parse(struct str field, struct accept *ret)
{
    struct str item;

    *ret = (struct accept){.as = ACCEPT_OBJECT};
    if (str_trim(field).n == 0)
        return true;
    while (fields_next_item(&field, &item)) {
        if (read_item(item, ret))
            return true;
    }
    return false;
}
