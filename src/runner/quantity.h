/*
 * quantity - Kubernetes' amounts: "500m", "1.5", "2Gi", "100M", "1e3".
 *
 * Decimal suffixes n u m (none) k M G T P E, binary ones Ki Mi Gi Ti Pi Ei, or an exponent; what is
 * left over is rounded up.  Format: k8s.io/apimachinery/pkg/api/resource.  Any thread.
 */
#ifndef RUNNER_QUANTITY_H
#define RUNNER_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* In thousandths ("1.5" is 1500).  False if it is none, negative or too large. */
bool quantity_milli(struct str text, int64_t *ret);
/* In whole units, rounded up. */
bool quantity_value(struct str text, int64_t *ret);

#endif
