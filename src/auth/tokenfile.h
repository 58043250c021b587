/*
 * tokenfile - tokens from a file in kube-apiserver's format.
 *
 *     token,user,uid,"group1,group2"        a line for each; the groups may be missing
 *
 * A field may stand in double quotes, and "" in one is a quote.  Empty lines and lines that begin
 * with # are skipped.  Immutable once it is read; any thread.
 */
#ifndef AUTH_TOKENFILE_H
#define AUTH_TOKENFILE_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"

struct arena;
struct caller;
struct err;
struct tokenfile;

/* ERR_INVALID with the line. */
int tokenfile_parse(struct str text, struct tokenfile **ret, struct err *e);
void tokenfile_free(struct tokenfile *f); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct tokenfile *, tokenfile_free)
#define cleanup_tokenfile CLEANUP(tokenfile_free)

/* Adds one that is in no file; texts are copied.  Before others read it. */
void tokenfile_add(struct tokenfile *f, struct str token, struct str user, struct str uid,
                   struct str groups);
/* An empty one. */
struct tokenfile *tokenfile_new(void);

/* Fills *ret with texts that live as long as the file.  Takes as long for a token that is nearly
 * right as for one that is not. */
bool tokenfile_find(const struct tokenfile *f, struct str token, struct caller *ret);

#endif
