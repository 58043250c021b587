/*
 * vec - a growable array of one type.
 *
 *     VEC(int) numbers = VEC_INIT;
 *     vec_push(&numbers, 7);
 *     for (size_t i = 0; i < numbers.n; i++) use(numbers.at[i]);
 *     vec_done(&numbers);
 *
 * An element's address holds only until the next push.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VEC(type) \
    struct { \
        type *at; \
        size_t n, cap; \
    }
#define VEC_INIT \
    { \
        .at = NULL \
    }

/* Appends one zeroed element and returns its address. */
#define vec_grow(v) \
    ({ \
        __auto_type v_ = (v); \
        if (v_->n == v_->cap) { \
            v_->cap = v_->cap != 0 ? v_->cap * 2 : 8; \
            v_->at = xrealloc(v_->at, v_->cap, sizeof *v_->at); \
        } \
        memset(&v_->at[v_->n], 0, sizeof *v_->at); \
        &v_->at[v_->n++]; \
    })

#define vec_push(v, value) ((void)(*vec_grow(v) = (value)))
/* The last element, removed; the vector must not be empty. */
#define vec_pop(v) ((v)->at[--(v)->n])
#define vec_last(v) ((v)->at[(v)->n - 1])
/* Removes element i; the last one takes its place. */
#define vec_swap_remove(v, i) ((void)((v)->at[i] = (v)->at[--(v)->n]))
#define vec_clear(v) ((void)((v)->n = 0))
#define vec_done(v) \
    do { \
        free((v)->at); \
        (v)->at = NULL; \
        (v)->n = (v)->cap = 0; \
    } while (0)

#endif
