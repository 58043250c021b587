/*
 * claim - admission of PersistentVolumeClaims: what one must say to be accepted.
 *
 * Whoever writes a claim is told at once, in Kubernetes' words; nothing waits for a volume that can
 * never come.  Pure; any thread.
 */
#ifndef API_CLAIM_H
#define API_CLAIM_H

struct err;
struct json;

/* ERR_INVALID naming the first field that is wrong.  `claim` is the whole object. */
int claim_check(const struct json *claim, struct err *e);

#endif
