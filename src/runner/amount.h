/*
 * amount - how much of a resource a pod asks for, from a quantity's text.
 *
 * Requests and limits are never negative and are counted in whole units or in
 * thousandths.  Pure; any thread.
 */
#ifndef RUNNER_AMOUNT_H
#define RUNNER_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* In thousandths ("1.5" is 1500), rounded up.  False if the text is no quantity or is negative. */
bool amount_milli(struct str text, int64_t *ret);
/* In whole units, rounded up. */
bool amount_value(struct str text, int64_t *ret);

#endif
