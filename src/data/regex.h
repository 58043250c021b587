/*
 * regex - regular expressions of users, with limits.
 *
 * Upstream's programs use RE2, which is linear in time.  We use PCRE2 with limits on matching
 * work and memory, so that a hostile pattern fails with a sentence instead of burning a core.
 * What differs: PCRE2 also knows back references and look-around, which RE2 refuses (they work
 * here); among alternatives both take the leftmost-first, so results are the same for what RE2
 * accepts.  \C and callouts are off; \z, \A, \pN, (?P<name>...), (?i), (?s), (?U) mean the same;
 * \Q..\E works in both.  Text is UTF-8; invalid bytes are an error and not the replacement
 * character.
 *
 * A compiled regex is immutable and may be used by any thread.
 */
#ifndef DATA_REGEX_H
#define DATA_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct buf;
struct err;
struct regex;

enum {
    REGEX_MAX_PATTERN = 16 * 1024, /* bytes */
    REGEX_MATCH_LIMIT = 1000000,   /* internal calls of one match */
    REGEX_MEMORY_KIB = 20 * 1024,  /* heap of one match */
    REGEX_MAX_GROUPS = 100,
};

/* ERR_INVALID: "pattern '(': missing closing parenthesis at 1". */
int regex_compile(struct str pattern, struct regex **ret, struct err *e);
void regex_free(struct regex *r); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct regex *, regex_free)
#define cleanup_regex CLEANUP(regex_free)

/* Where a match stands: at[0] the whole, at[i] group i; p is NULL for a group that took no part. */
struct regex_match {
    size_t n; /* groups and one */
    struct str at[REGEX_MAX_GROUPS + 1];
};

/* 1: matches somewhere at or after `from`; 0: does not; ERR_TOOLARGE: a limit; ERR_INVALID: the
 * text is not UTF-8.  `m` may be NULL. */
int regex_find(const struct regex *r, struct str text, size_t from, struct regex_match *m,
               struct err *e);
/* The same from the beginning, without places. */
int regex_matches(const struct regex *r, struct str text, struct err *e);

/* The next match behind `m` as a loop over all does it: an empty match steps one character on, and
 * none touches the end of the one before.  Returns as regex_find. */
int regex_next(const struct regex *r, struct str text, struct regex_match *m, struct err *e);

/* Adds the text with every match replaced; $1, ${1}, ${name} in `with` are groups unless
 * `literal`. */
int regex_replace(const struct regex *r, struct str text, struct str with, bool literal,
                  struct buf *to, struct err *e);

/* Adds the text such that a pattern matches it as it is. */
void regex_quote(struct buf *to, struct str text);

#endif
