// What the ring's work costs at the least: the same two-value readings copied into pages of 4 KiB in memory, each page with a CRC-32C, and read again.
//
//   append READINGS    prints nanoseconds a reading: copied; copied and summed, page by page; checked and read again
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct record {
    uint64_t sequence;
    int64_t instant;
    int32_t sensor, temperature, humidity, unused;
};

enum { page_size = 4096, header = 400, per_page = (page_size - header) / sizeof(struct record) };

// Of this thread: what else the machine does is not counted.
static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// Four bytes a step through four tables, as the ring does it: what every board has.
static uint32_t tables[4][256];

static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        tables[0][byte] = crc;
    }
    for (int table = 1; table < 4; table++)
        for (int byte = 0; byte < 256; byte++) tables[table][byte] = tables[0][tables[table - 1][byte] & 255] ^ tables[table - 1][byte] >> 8;
}

static uint32_t crc32c(const unsigned char *bytes, size_t count) {
    uint32_t crc = ~UINT32_C(0);
    for (; count >= 4; bytes += 4, count -= 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        crc ^= word;
        crc = tables[3][crc & 255] ^ tables[2][crc >> 8 & 255] ^ tables[1][crc >> 16 & 255] ^ tables[0][crc >> 24];
    }
    return ~crc;
}

int main(int argc, char **argv) {
    int64_t count = argc > 1 ? atoll(argv[1]) : 1000000;
    int64_t pages = count / per_page + 1;
    unsigned char *log = malloc((size_t)(pages * page_size));
    if (!log) return 1;
    make_tables();
    // Each page of memory is touched before the clock runs.
    memset(log, 1, (size_t)(pages * page_size));
    int64_t took[3];
    for (int sums = 0; sums < 2; sums++) {
        struct record r = {0, 1000000000, 0, 215, 526, 0};
        int64_t begun = now_ns();
        unsigned char *page = log;
        int in_page = 0;
        for (int64_t i = 0; i < count; i++) {
            r.sequence++;
            r.instant += 10000000 + (i & 4095);
            r.temperature += (int32_t)(i % 3) - 1;
            memcpy(page + header + (size_t)in_page * sizeof r, &r, sizeof r);
            if (++in_page == per_page) {
                if (sums) {
                    uint32_t sum = crc32c(page + 4, page_size - 4);
                    memcpy(page, &sum, 4);
                }
                page += page_size;
                in_page = 0;
            }
        }
        took[sums] = now_ns() - begun;
    }
    int64_t begun = now_ns(), total = 0, read = 0;
    for (int64_t p = 0; p < count / per_page; p++) {
        const unsigned char *page = log + p * page_size;
        uint32_t sum;
        memcpy(&sum, page, 4);
        if (sum != crc32c(page + 4, page_size - 4)) return 2;
        for (int i = 0; i < per_page; i++) {
            struct record r;
            memcpy(&r, page + header + (size_t)i * sizeof r, sizeof r);
            total += r.instant + r.temperature + r.humidity;
            read++;
        }
    }
    took[2] = now_ns() - begun;
    printf("copy_ns=%.2f copy_and_sum_ns=%.2f read_ns=%.2f total=%" PRId64 "\n", (double)took[0] / count, (double)took[1] / count,
        (double)took[2] / read, total);
    return 0;
}
