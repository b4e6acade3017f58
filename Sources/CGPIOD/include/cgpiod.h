#pragma once
// libgpiod 2's words over libgpiod 1.6 (Debian 12) and libgpiod 2 (Debian 13); which one is decided by the header that
// is installed. Beside 1.6, lines are requested through the kernel's second interface (linux/gpio.h, GPIO_V2_*), which has
// what 1.6's own requests lack: numbered edge events, a buffer of a chosen size, debouncing, a switch of direction within
// one request. Kernels before 5.10 have it not: then libgpiod 1.6's requests are used, and `is_numbered` is false.
//
// Every function that fails returns -1 or NULL and sets errno. Nothing here waits.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CGPIOD_NAME_SIZE = 32 };  // GPIO_MAX_NAME_SIZE, with its NUL

enum cgpiod_direction { CGPIOD_DIRECTION_INPUT = 1, CGPIOD_DIRECTION_OUTPUT = 2 };
enum cgpiod_edge { CGPIOD_EDGE_NONE = 0, CGPIOD_EDGE_RISING = 1, CGPIOD_EDGE_FALLING = 2, CGPIOD_EDGE_BOTH = 3 };
enum cgpiod_bias { CGPIOD_BIAS_AS_IS = 0, CGPIOD_BIAS_DISABLED = 1, CGPIOD_BIAS_PULL_UP = 2, CGPIOD_BIAS_PULL_DOWN = 3 };

struct cgpiod_chip_info {
    char name[CGPIOD_NAME_SIZE];   // of the kernel: gpiochip0
    char label[CGPIOD_NAME_SIZE];  // of the driver: pinctrl-bcm2711
    uint32_t num_lines;
};

struct cgpiod_line_info {
    char name[CGPIOD_NAME_SIZE];      // may be empty
    char consumer[CGPIOD_NAME_SIZE];  // may be empty, also of a used line
    bool is_used;
    bool is_active_low;
    int direction;  // enum cgpiod_direction
    int bias;       // enum cgpiod_bias; as-is where it is not known
};

struct cgpiod_line_settings {
    int direction;  // enum cgpiod_direction
    int edge;       // enum cgpiod_edge; none for outputs
    int bias;       // enum cgpiod_bias
    bool is_active_low;
    bool output_value;                // logical
    uint32_t debounce_period_us;      // 0: none
};

struct cgpiod_edge_event {
    uint64_t timestamp_ns;  // CLOCK_MONOTONIC
    uint32_t line_seqno;    // from 1 in each request; 0 where the request is not numbered
    bool is_rising;         // of the logical level
};

struct cgpiod_chip;
struct cgpiod_request;

/// The version of libgpiod that this was compiled with: 1 or 2.
int cgpiod_library(void);

/// `path`: /dev/gpiochipN. ENOTTY or ENODEV: not a GPIO chip.
struct cgpiod_chip *cgpiod_chip_open(const char *path);
void cgpiod_chip_close(struct cgpiod_chip *chip);
int cgpiod_chip_get_info(struct cgpiod_chip *chip, struct cgpiod_chip_info *info);
int cgpiod_chip_get_line_info(struct cgpiod_chip *chip, uint32_t offset, struct cgpiod_line_info *info);

/// Requests one line. The chip may be closed afterwards.
/// - consumer: its first 31 bytes are kept.
/// - event_buffer_size: how many events the kernel holds, at most 1024; kept over reconfigurations.
/// - first_interface: use the requests of libgpiod 1.6 whatever the kernel has; for tests. libgpiod 2 gives ENOTSUP.
struct cgpiod_request *cgpiod_request_line(const char *path, uint32_t offset, const char *consumer,
                                           const struct cgpiod_line_settings *settings, uint32_t event_buffer_size,
                                           bool first_interface);
int cgpiod_request_reconfigure(struct cgpiod_request *request, const struct cgpiod_line_settings *settings);
/// The logical value: 0 or 1.
int cgpiod_request_get_value(struct cgpiod_request *request);
/// Readable when events wait; -1 where the request has no events. May change with a reconfiguration.
int cgpiod_request_get_fd(const struct cgpiod_request *request);
/// At most `count` events, which may be 0.
int cgpiod_request_read_edge_events(struct cgpiod_request *request, struct cgpiod_edge_event *events, size_t count);
/// Whether events carry numbers, and the kernel debounces.
bool cgpiod_request_is_numbered(const struct cgpiod_request *request);
/// How many events the kernel can hold for the request.
uint32_t cgpiod_request_event_capacity(const struct cgpiod_request *request);
void cgpiod_request_release(struct cgpiod_request *request);

/// CLOCK_BOOTTIME minus CLOCK_MONOTONIC, in nanoseconds: how long the machine has been suspended since its boot.
int64_t cgpiod_boottime_minus_monotonic(void);
