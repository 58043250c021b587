#include "flow/argo/argo_usage.h"

#include "base/clock.h"
#include "data/json.h"

#define MEMORY_UNIT (INT64_C(100) * 1024 * 1024)

struct argo_usage
argo_usage_of(int64_t cpu_us, int64_t memory_peak_bytes, int64_t started_us, int64_t ended_us)
{
    int64_t seconds = ended_us > started_us ? (ended_us - started_us) / CLOCK_SECOND : 0;

    return (struct argo_usage){
        .cpu = cpu_us / CLOCK_SECOND,
        .memory = (int64_t)((double)seconds * ((double)memory_peak_bytes / (double)MEMORY_UNIT))};
}

void
argo_usage_add(struct argo_usage *to, struct argo_usage more)
{
    to->cpu += more.cpu;
    to->memory += more.memory;
}

void
argo_usage_write(struct json_build *b, struct argo_usage usage)
{
    json_add_object(b, "resourcesDuration");
    json_add_int(b, "cpu", usage.cpu);
    json_add_int(b, "memory", usage.memory);
    json_end(b);
}
