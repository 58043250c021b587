#include "core/linger.h"

#include <stdbool.h>

enum { AVERAGE_OVER = 8 };

size_t
linger_want(struct linger *l, size_t before, size_t now)
{
    bool look = ++l->turns % LINGER_LOOK == 0;

    return look && before + now > l->expected ? before + now : l->expected;
}

int64_t
linger_patience_us(const struct linger *l)
{
    return l->commit_us / 2 < LINGER_MAX_US ? l->commit_us / 2 : LINGER_MAX_US;
}

void
linger_learn(struct linger *l, size_t requests)
{
    l->expected = requests;
}

void
linger_committed(struct linger *l, int64_t took_us)
{
    l->commit_us += (took_us - l->commit_us) / AVERAGE_OVER;
}
