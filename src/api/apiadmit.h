/*
 * apiadmit - what the server adds to, or refuses of, a write from outside, kind by kind.
 *
 * It runs in the turn that stores the object, after the body is decoded and defaulted and before
 * its rules are checked (schema/rules.h), which then see the result.  A row of a table per kind.
 *
 *     Service         a cluster address of 127.96.0.0/16 of its own; node ports (nodeport.h)
 *     Pod             its service account; no hostPath for service accounts
 *
 * Core thread.
 */
#ifndef API_APIADMIT_H
#define API_APIADMIT_H

struct caller;
struct err;
struct json;
struct json_doc;
struct kind;
struct objects;
struct problems;
struct turn;

struct apiadmit {
    struct objects *objects;
    const struct kind *kind;
    const struct caller *caller;
};

/* `old` is NULL for a creation.  *ret is the changed document, or NULL if nothing changes.  What is
 * wrong goes into ps; ERR_FORBIDDEN and ERR_UNAVAILABLE (no address is left) end it. */
int apiadmit_run(const struct apiadmit *a, struct turn *t, const struct json *old,
                 const struct json *next, struct json_doc **ret, struct problems *ps,
                 struct err *e);

#endif
