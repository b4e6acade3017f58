// The difference of the two clocks that count from the boot.
#include "cgpiod.h"

#include <time.h>

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// The clocks cannot be read at once: of a few tries the one with the least time between its two looks at the same clock
// is the truest, and the middle of these two looks is compared.
int64_t cgpiod_boottime_minus_monotonic(void) {
    int64_t difference = 0, least = INT64_MAX;
    for (int i = 0; i < 4; i++) {
        int64_t before = nanoseconds(CLOCK_MONOTONIC);
        int64_t boot = nanoseconds(CLOCK_BOOTTIME);
        int64_t after = nanoseconds(CLOCK_MONOTONIC);
        if (after - before < least) {
            least = after - before;
            difference = boot - (before + (after - before) / 2);
        }
    }
    return difference;
}
