#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { RING_LINES = 64, LINE_SIZE = 512, COMPLAINTS = 32 };

static const char *const level_words[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

static enum log_level threshold = LOG_WARN;
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static char ring[RING_LINES][LINE_SIZE];
static unsigned ring_next;
static char complaints[COMPLAINTS][LINE_SIZE]; /* warnings and errors, which stay for longer */
static unsigned complaints_next;
static _Thread_local const char *object_at_hand;

void
log_set_level(enum log_level level)
{
    __atomic_store_n(&threshold, level, __ATOMIC_RELAXED);
}

void
log_set_object(const char *object)
{
    object_at_hand = object;
}

/* Control characters would let outside text forge lines. */
static void
defuse(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = ' ';
    }
}

void
log_write(enum log_level level, const char *object, const char *fmt, ...)
{
    char line[LINE_SIZE];
    size_t n = clock_stamp(line, 3);
    va_list ap;

    n += (size_t)snprintf(line + n, sizeof line - 2 - n, " %s ", level_words[level]);
    if (object != NULL && n < sizeof line - 2)
        n += (size_t)snprintf(line + n, sizeof line - 2 - n, "%s  ", object);
    if (n < sizeof line - 2) {
        va_start(ap, fmt);
        vsnprintf(line + n, sizeof line - 2 - n, fmt, ap);
        va_end(ap);
    }
    defuse(line);
    n = strlen(line);
    pthread_mutex_lock(&ring_lock);
    memcpy(ring[ring_next++ % RING_LINES], line, n + 1);
    if (level >= LOG_WARN)
        memcpy(complaints[complaints_next++ % COMPLAINTS], line, n + 1);
    pthread_mutex_unlock(&ring_lock);
    if (level < __atomic_load_n(&threshold, __ATOMIC_RELAXED))
        return;
    line[n++] = '\n';
    (void)!write(STDERR_FILENO, line, n);
}

void
log_dump(struct buf *to)
{
    unsigned from;

    pthread_mutex_lock(&ring_lock);
    from = complaints_next > COMPLAINTS ? complaints_next - COMPLAINTS : 0;
    for (unsigned i = from; i != complaints_next; i++)
        buf_printf(to, "%s\n", complaints[i % COMPLAINTS]);
    pthread_mutex_unlock(&ring_lock);
}

/* No lock: the thread that holds it may be the one that panics. */
static void
print_ring(void)
{
    unsigned from = ring_next > RING_LINES ? ring_next - RING_LINES : 0;

    fprintf(stderr, "last log lines:\n");
    for (unsigned i = from; i != ring_next; i++)
        fprintf(stderr, "  %s\n", ring[i % RING_LINES]);
}

void
panic(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "sluice: %s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nobject at hand: %s\n", object_at_hand != NULL ? object_at_hand : "none");
    print_ring();
    fflush(stderr);
    abort();
}
