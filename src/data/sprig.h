/*
 * sprig - the functions behind `sprig.` in expressions (https://masterminds.github.io/sprig).
 *
 * Tables by theme.  env and expandenv are unknown, as Argo takes them out.  A row without a
 * function is known and refused when the text is compiled: what asks the network (getHostByName),
 * what takes long by design (bcrypt, htpasswd, derivePassword), and what makes keys, certificates
 * or ciphertext (an expression may be evaluated again after a restart, and what it made must not
 * change).
 *
 * Random functions (randAlpha, uuidv4, ...) are here; they draw from the system.
 * Private to expr*.c.
 */
#ifndef DATA_SPRIG_H
#define DATA_SPRIG_H

#include "data/expr_func.h"

extern const struct expr_func sprig_strings_funcs[];
extern const struct expr_func sprig_case_funcs[];
extern const struct expr_func sprig_lists_funcs[];
extern const struct expr_func sprig_dicts_funcs[];
extern const struct expr_func sprig_math_funcs[];
extern const struct expr_func sprig_dates_funcs[];
extern const struct expr_func sprig_defaults_funcs[];
extern const struct expr_func sprig_encoding_funcs[];
extern const struct expr_func sprig_crypto_funcs[];
extern const struct expr_func sprig_regex_funcs[];
extern const struct expr_func sprig_paths_funcs[];
extern const struct expr_func sprig_semver_funcs[];

/* Sprig's conversions take anything: what is no number counts as 0, true as 1. */
int64_t sprig_to_int(struct expr_value v);
/* nil, false, 0, "" and empty containers. */
bool sprig_is_empty(struct expr_value v);
/* As sprig's toString: a string as it is, anything else as Go prints it. */
void sprig_write_text(struct buf *to, struct expr_value v);

#endif
