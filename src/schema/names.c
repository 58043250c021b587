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
#define VALUE_TEXT \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " \
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', " \
    " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define KEY_TEXT \
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. " \
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is " \
    "'[-._a-zA-Z0-9]+')"
#define ENV_TEXT \
    "a valid environment variable name must consist only of printable ASCII characters other " \
    "than " \
    "'='"
#define HEADER_TEXT \
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', " \
    "regex used for validation is '[-A-Za-z0-9]+')"
#define MAX_63_TEXT "must be no more than 63 characters"
#define MAX_253_TEXT "must be no more than 253 characters"

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

static void
add(struct names_wrong *w, bool wrong, const char *text)
{
    if (wrong)
        w->at[w->n++] = text;
}

/* Each of these adds all that is wrong with a name. */

static void
find_label(struct str name, struct names_wrong *w)
{
    add(w, name.n > NAMES_LABEL_MAX, MAX_63_TEXT);
    add(w, !is_label(name), is_subdomain(name) ? "must not contain dots" : LABEL_TEXT);
}

static void
find_service(struct str name, struct names_wrong *w)
{
    add(w, name.n > NAMES_LABEL_MAX, MAX_63_TEXT);
    add(w, !is_label(name) || (name.p[0] >= '0' && name.p[0] <= '9'), SERVICE_TEXT);
}

static void
find_subdomain(struct str name, struct names_wrong *w)
{
    add(w, name.n > NAMES_SUBDOMAIN_MAX, MAX_253_TEXT);
    add(w, name.n == 0 || !is_subdomain(name), SUBDOMAIN_TEXT);
}

static void
find_path_segment(struct str name, struct names_wrong *w)
{
    add(w, name.n == 0, "must not be empty");
    add(w, str_is(name, ".") || str_is(name, ".."), "may not be '.' or '..'");
    add(w, str_find_char(name, '/', 0) >= 0, "may not contain '/'");
    add(w, str_find_char(name, '%', 0) >= 0, "may not contain '%'");
}

static void
find_qualified(struct str name, struct names_wrong *w)
{
    ptrdiff_t slash = str_find_char(name, '/', 0);

    if (slash >= 0 && str_find_char(name, '/', (size_t)slash + 1) >= 0) {
        add(w, true,
            "a qualified name " WORD_TEXT
            " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
        return;
    }
    if (slash >= 0) {
        struct str prefix = str_slice(name, 0, (size_t)slash);

        name = str_slice(name, (size_t)slash + 1, name.n);
        add(w, prefix.n == 0, "prefix part must be non-empty");
        add(w, prefix.n > NAMES_SUBDOMAIN_MAX, "prefix part " MAX_253_TEXT);
        add(w, prefix.n > 0 && !is_subdomain(prefix), "prefix part " SUBDOMAIN_TEXT);
    }
    add(w, name.n == 0, "name part must be non-empty");
    add(w, name.n > NAMES_LABEL_MAX, "name part " MAX_63_TEXT);
    add(w, !is_word(name), "name part " WORD_TEXT);
}

static void
find_label_value(struct str value, struct names_wrong *w)
{
    add(w, value.n > NAMES_LABEL_MAX, MAX_63_TEXT);
    add(w, value.n > 0 && !is_word(value), VALUE_TEXT);
}

static void
find_data_key(struct str key, struct names_wrong *w)
{
    bool good = key.n > 0;

    for (size_t i = 0; i < key.n; i++)
        good =
            good && (is_alnum(key.p[i]) || key.p[i] == '-' || key.p[i] == '_' || key.p[i] == '.');
    add(w, key.n > NAMES_SUBDOMAIN_MAX, MAX_253_TEXT);
    add(w, !good, KEY_TEXT);
    add(w, str_is(key, "."), "must not be '.'");
    add(w, str_is(key, ".."), "must not be '..'");
    add(w, key.n > 2 && str_starts(key, STR("..")), "must not start with '..'");
}

static void
find_env(struct str name, struct names_wrong *w)
{
    bool good = name.n > 0;

    for (size_t i = 0; i < name.n; i++)
        good = good && name.p[i] >= ' ' && name.p[i] <= '~' && name.p[i] != '=';
    add(w, !good, ENV_TEXT);
}

static void
find_http_header(struct str name, struct names_wrong *w)
{
    bool good = name.n > 0;

    for (size_t i = 0; i < name.n; i++)
        good = good && (is_alnum(name.p[i]) || name.p[i] == '-');
    add(w, !good, HEADER_TEXT);
}

enum { PORT_NAME_MAX = 15 };

static void
find_port(struct str name, struct names_wrong *w)
{
    bool letter = false, good = name.n > 0;

    for (size_t i = 0; i < name.n; i++) {
        letter = letter || (name.p[i] >= 'a' && name.p[i] <= 'z');
        good = good && (is_lower(name.p[i]) || name.p[i] == '-');
    }
    add(w, name.n > PORT_NAME_MAX, "must be no more than 15 characters");
    add(w, !good, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    add(w, !letter, "must contain at least one letter (a-z)");
    add(w, str_find(name, STR("--"), 0) >= 0, "must not contain consecutive hyphens");
    add(w, name.n > 0 && (name.p[0] == '-' || name.p[name.n - 1] == '-'),
        "must not begin or end with a hyphen");
}

static void (*const rules[])(struct str name, struct names_wrong *w) = {
    [NAMES_LABEL] = find_label,
    [NAMES_SERVICE] = find_service,
    [NAMES_SUBDOMAIN] = find_subdomain,
    [NAMES_PATH_SEGMENT] = find_path_segment,
    [NAMES_QUALIFIED] = find_qualified,
    [NAMES_LABEL_VALUE] = find_label_value,
    [NAMES_DATA_KEY] = find_data_key,
    [NAMES_ENV] = find_env,
    [NAMES_HTTP_HEADER] = find_http_header,
    [NAMES_PORT] = find_port,
};

struct names_wrong
names_wrong(enum names_rule rule, struct str name)
{
    struct names_wrong w = {.n = 0};

    rules[rule](name, &w);
    return w;
}

const char *
names_check(enum names_rule rule, struct str name)
{
    struct names_wrong w = names_wrong(rule, name);

    return w.n > 0 ? w.at[0] : NULL;
}
