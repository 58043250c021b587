/*
 * log - structured lines to stderr, and the story of a crash.
 *
 *     2026-03-01T10:00:00.123Z INFO  default/add-x2k9d  node finished phase=Succeeded
 *
 * The first argument of each function names the object that the line is about
 * ("namespace/name", a pod, a file), or NULL.  Library code logs at debug level
 * only and returns errors; whoever knows the purpose logs once.
 *
 * The last lines, whatever their level, stay in a ring in memory.  panic() prints
 * them with the object at hand, so that a failed CHECK tells its story.
 *
 * Any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

struct buf;

#define LOG_LEVELS(X) \
    X(LOG_DEBUG, "debug") \
    X(LOG_INFO, "info") \
    X(LOG_WARN, "warn") \
    X(LOG_ERROR, "error")

#define LOG_LEVEL_(id, name) id,
enum log_level { LOG_LEVELS(LOG_LEVEL_) };

/* Lines below `level` are kept in the ring only.  Default: LOG_WARN. */
void log_set_level(enum log_level level);

void log_write(enum log_level level, const char *object, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(object, ...) log_write(LOG_DEBUG, (object), __VA_ARGS__)
#define log_info(object, ...) log_write(LOG_INFO, (object), __VA_ARGS__)
#define log_warn(object, ...) log_write(LOG_WARN, (object), __VA_ARGS__)
#define log_error(object, ...) log_write(LOG_ERROR, (object), __VA_ARGS__)

/* Appends the last warnings and errors, a line each: for `sluice debug`. */
void log_dump(struct buf *to);

/* Names what this thread works on, for panic(); the text is borrowed until the next call. */
void log_set_object(const char *object);

/* Prints what failed, the object at hand and the last lines, and aborts. */
_Noreturn void panic(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Our own mistakes end the process, in every build.  Outside bytes never reach a CHECK. */
#define CHECK(condition) \
    ((condition) ? (void)0 : panic(__FILE__, __LINE__, "check failed: %s", #condition))

#endif
