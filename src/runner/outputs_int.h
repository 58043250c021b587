/* outputs_int - shared by the files of outputs. */
#ifndef RUNNER_OUTPUTS_INT_H
#define RUNNER_OUTPUTS_INT_H

#include "runner/outputs.h"

/* The first failure is the one that is told. */
void outputs_fail(struct outputs_work *w, const char *doing, struct str what, const char *why);
/* How the output with this number was taken; NULL if the box says nothing of it. */
const struct outputs_taken *outputs_taken_of(const struct outputs_work *w, size_t i);
const char *outputs_why_missing(const struct outputs_taken *t);

/* outputs_artifact.c */
void outputs_save_artifact(struct outputs_work *w, size_t i);
/* The main container's log, where that is asked for. */
void outputs_save_log(struct outputs_work *w);

#endif
