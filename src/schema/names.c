#include "schema/names.h"

#include <stdbool.h>

/* The words of the API's own messages, which people and programs look for. */
#define LABEL_TEXT \
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " \
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex " \
    "used " \
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define SUBDOMAIN_TEXT \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or " \
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used " \
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define SERVICE_TEXT \
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an " \
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or " \
    "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
#define WORD_TEXT \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " \
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " \
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define QUALIFIED_TEXT "name part " WORD_TEXT
#define VALUE_TEXT \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " \
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', " \
    " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define KEY_TEXT \
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. " \
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is " \
    "'[-._a-zA-Z0-9]+')"
#define MAX_63_TEXT "must be no more than 63 characters"
#define MAX_253_TEXT "must be no more than 253 characters"
#define EMPTY_TEXT "name part must be non-empty"

static bool
is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_alnum(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Lower case letters, digits and '-' with a letter or digit at both ends. */
static bool
is_label(struct str s)
{
    if (s.n == 0 || !is_lower(s.p[0]) || !is_lower(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower(s.p[i]) && s.p[i] != '-')
            return false;
    return true;
}

/* Letters, digits, '-', '_' and '.' with a letter or digit at both ends. */
static bool
is_word(struct str s)
{
    if (s.n == 0 || !is_alnum(s.p[0]) || !is_alnum(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
            return false;
    return true;
}

static bool
is_subdomain(struct str name)
{
    while (name.p != NULL)
        if (!is_label(str_cut(&name, '.')))
            return false;
    return true;
}

const char *
names_check_label(struct str name)
{
    if (name.n > NAMES_LABEL_MAX)
        return MAX_63_TEXT;
    if (is_label(name))
        return NULL;
    return is_subdomain(name) ? "must not contain dots" : LABEL_TEXT;
}

const char *
names_check_service(struct str name)
{
    if (name.n > NAMES_LABEL_MAX)
        return MAX_63_TEXT;
    return is_label(name) && !(name.p[0] >= '0' && name.p[0] <= '9') ? NULL : SERVICE_TEXT;
}

const char *
names_check_subdomain(struct str name)
{
    if (name.n > NAMES_SUBDOMAIN_MAX)
        return MAX_253_TEXT;
    return name.n > 0 && is_subdomain(name) ? NULL : SUBDOMAIN_TEXT;
}

const char *
names_check_path_segment(struct str name)
{
    if (name.n == 0)
        return "must not be empty";
    if (str_is(name, ".") || str_is(name, ".."))
        return "may not be '.' or '..'";
    if (str_find_char(name, '/', 0) >= 0)
        return "may not contain '/'";
    if (str_find_char(name, '%', 0) >= 0)
        return "may not contain '%'";
    return NULL;
}

const char *
names_check_qualified(struct str name)
{
    ptrdiff_t slash = str_find_char(name, '/', 0);

    if (slash >= 0) {
        struct str prefix = str_slice(name, 0, (size_t)slash);

        name = str_slice(name, (size_t)slash + 1, name.n);
        if (prefix.n == 0)
            return "prefix part must be non-empty";
        if (names_check_subdomain(prefix) != NULL)
            return "prefix part " SUBDOMAIN_TEXT;
    }
    if (str_find_char(name, '/', 0) >= 0)
        return "a qualified name " WORD_TEXT
               " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    if (name.n == 0)
        return EMPTY_TEXT;
    if (name.n > NAMES_LABEL_MAX)
        return "name part " MAX_63_TEXT;
    return is_word(name) ? NULL : QUALIFIED_TEXT;
}

const char *
names_check_label_value(struct str value)
{
    if (value.n > NAMES_LABEL_MAX)
        return MAX_63_TEXT;
    return value.n == 0 || is_word(value) ? NULL : VALUE_TEXT;
}

const char *
names_check_data_key(struct str key)
{
    if (key.n > NAMES_SUBDOMAIN_MAX)
        return MAX_253_TEXT;
    for (size_t i = 0; i < key.n; i++)
        if (!is_alnum(key.p[i]) && key.p[i] != '-' && key.p[i] != '_' && key.p[i] != '.')
            return KEY_TEXT;
    if (key.n == 0)
        return KEY_TEXT;
    if (str_is(key, ".") || str_is(key, ".."))
        return key.n == 1 ? "must not be '.'" : "must not be '..'";
    return str_starts(key, STR("..")) ? "must not start with '..'" : NULL;
}

const char *
names_check_env(struct str name)
{
    static const char text[] = "a valid environment variable name must consist only of printable "
                               "ASCII characters other than '='";

    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < ' ' || name.p[i] > '~' || name.p[i] == '=')
            return text;
    return name.n > 0 ? NULL : text;
}
