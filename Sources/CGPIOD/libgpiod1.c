// libgpiod 1.6 finds chips and lines; requests go through the kernel's second interface where it is there.
// On a 32-bit system it was compiled with the C library's own, shorter time: its timespec is that one here too.
#undef _TIME_BITS
#include <gpiod.h>
#ifdef GPIOD_LINE_BULK_MAX_LINES  // libgpiod 1 has it, libgpiod 2 has not

#include "cgpiod.h"
#include "kernel_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct cgpiod_request {
    int fd;  // of the second interface; -1: libgpiod 1.6 holds the line
    uint32_t event_capacity;
    // Below: of a request of libgpiod 1.6 only.
    struct gpiod_chip *chip;
    struct gpiod_line *line;
    bool has_events;
    struct cgpiod_line_settings settings;
    char consumer[CGPIOD_NAME_SIZE];
};

int cgpiod_library(void) { return 1; }

static void copy_name(char *to, const char *from) {
    memset(to, 0, CGPIOD_NAME_SIZE);
    if (from != NULL) strncpy(to, from, CGPIOD_NAME_SIZE - 1);
}

struct cgpiod_chip *cgpiod_chip_open(const char *path) { return (struct cgpiod_chip *)gpiod_chip_open(path); }

void cgpiod_chip_close(struct cgpiod_chip *chip) { gpiod_chip_close((struct gpiod_chip *)chip); }

int cgpiod_chip_get_info(struct cgpiod_chip *handle, struct cgpiod_chip_info *info) {
    struct gpiod_chip *chip = (struct gpiod_chip *)handle;
    copy_name(info->name, gpiod_chip_name(chip));
    copy_name(info->label, gpiod_chip_label(chip));
    info->num_lines = gpiod_chip_num_lines(chip);
    return 0;
}

int cgpiod_chip_get_line_info(struct cgpiod_chip *handle, uint32_t offset, struct cgpiod_line_info *info) {
    struct gpiod_line *line = gpiod_chip_get_line((struct gpiod_chip *)handle, offset);
    if (line == NULL) return -1;
    copy_name(info->name, gpiod_line_name(line));
    copy_name(info->consumer, gpiod_line_consumer(line));
    info->is_used = gpiod_line_is_used(line);
    info->is_active_low = gpiod_line_active_state(line) == GPIOD_LINE_ACTIVE_STATE_LOW;
    info->direction = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT ? CGPIOD_DIRECTION_OUTPUT
                                                                              : CGPIOD_DIRECTION_INPUT;
    switch (gpiod_line_bias(line)) {
    case GPIOD_LINE_BIAS_DISABLE: info->bias = CGPIOD_BIAS_DISABLED; break;
    case GPIOD_LINE_BIAS_PULL_UP: info->bias = CGPIOD_BIAS_PULL_UP; break;
    case GPIOD_LINE_BIAS_PULL_DOWN: info->bias = CGPIOD_BIAS_PULL_DOWN; break;
    default: info->bias = CGPIOD_BIAS_AS_IS; break;
    }
    return 0;
}

// The events of the first interface: 16 are held, and the kernel drops the newest beyond them.
enum { first_interface_capacity = 16 };

static int first_interface_request(struct cgpiod_request *request, const struct cgpiod_line_settings *settings) {
    struct gpiod_line_request_config config = {.consumer = request->consumer};
    if (settings->direction == CGPIOD_DIRECTION_OUTPUT) {
        config.request_type = GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
    } else {
        switch (settings->edge) {
        case CGPIOD_EDGE_RISING: config.request_type = GPIOD_LINE_REQUEST_EVENT_RISING_EDGE; break;
        case CGPIOD_EDGE_FALLING: config.request_type = GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE; break;
        case CGPIOD_EDGE_BOTH: config.request_type = GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES; break;
        default: config.request_type = GPIOD_LINE_REQUEST_DIRECTION_INPUT; break;
        }
    }
    if (settings->is_active_low) config.flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
    switch (settings->bias) {
    case CGPIOD_BIAS_DISABLED: config.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE; break;
    case CGPIOD_BIAS_PULL_UP: config.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP; break;
    case CGPIOD_BIAS_PULL_DOWN: config.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN; break;
    default: break;
    }
    if (gpiod_line_request(request->line, &config, settings->output_value ? 1 : 0) != 0) return -1;
    request->settings = *settings;
    request->has_events = settings->direction != CGPIOD_DIRECTION_OUTPUT && settings->edge != CGPIOD_EDGE_NONE;
    if (request->has_events) {
        int fd = gpiod_line_event_get_fd(request->line);
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -1;
    }
    return 0;
}

struct cgpiod_request *cgpiod_request_line(const char *path, uint32_t offset, const char *consumer,
                                           const struct cgpiod_line_settings *settings, uint32_t event_buffer_size,
                                           bool first_interface) {
    struct cgpiod_request *request = calloc(1, sizeof *request);
    if (request == NULL) return NULL;
    request->fd = -1;
    copy_name(request->consumer, consumer);
    int chip_fd = open(path, O_RDWR | O_CLOEXEC);
    if (chip_fd < 0) goto failed;
    if (!first_interface && kernel_lines_available(chip_fd)) {
        request->event_capacity = event_buffer_size;
        request->fd = kernel_lines_request(chip_fd, offset, request->consumer, settings, event_buffer_size);
        if (request->fd < 0) goto failed;
    } else {
        request->event_capacity = first_interface_capacity;
        request->chip = gpiod_chip_open(path);
        if (request->chip == NULL) goto failed;
        request->line = gpiod_chip_get_line(request->chip, offset);
        if (request->line == NULL || first_interface_request(request, settings) != 0) goto failed;
    }
    close(chip_fd);
    return request;

failed:;
    int error = errno;
    if (request->chip != NULL) gpiod_chip_close(request->chip);
    if (chip_fd >= 0) close(chip_fd);
    free(request);
    errno = error;
    return NULL;
}

int cgpiod_request_reconfigure(struct cgpiod_request *request, const struct cgpiod_line_settings *settings) {
    if (request->fd >= 0) return kernel_lines_reconfigure(request->fd, settings);
    // An output that stays one is not let go: what the line does then is the driver's matter.
    const struct cgpiod_line_settings *before = &request->settings;
    if (settings->direction == CGPIOD_DIRECTION_OUTPUT && before->direction == CGPIOD_DIRECTION_OUTPUT &&
        settings->is_active_low == before->is_active_low && settings->bias == before->bias) {
        if (gpiod_line_set_value(request->line, settings->output_value ? 1 : 0) != 0) return -1;
        request->settings = *settings;
        return 0;
    }
    // An event request of the first interface cannot change: the line is let go, and is asked for anew.
    gpiod_line_release(request->line);
    return first_interface_request(request, settings);
}

int cgpiod_request_get_value(struct cgpiod_request *request) {
    return request->fd >= 0 ? kernel_lines_get_value(request->fd) : gpiod_line_get_value(request->line);
}

int cgpiod_request_get_fd(const struct cgpiod_request *request) {
    if (request->fd >= 0) return request->fd;
    return request->has_events ? gpiod_line_event_get_fd(request->line) : -1;
}

// Whether a stamp of the first interface is of CLOCK_REALTIME: it is then nearer to that clock than to the monotonic one.
static bool is_realtime(uint64_t timestamp_ns) {
    struct timespec monotonic, realtime;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &realtime);
    int64_t seconds = (int64_t)(timestamp_ns / 1000000000);
    return llabs(seconds - realtime.tv_sec) < llabs(seconds - monotonic.tv_sec);
}

static uint64_t monotonic_of_realtime(uint64_t timestamp_ns) {
    struct timespec monotonic, realtime;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &realtime);
    int64_t difference = (int64_t)(realtime.tv_sec - monotonic.tv_sec) * 1000000000 + realtime.tv_nsec - monotonic.tv_nsec;
    return timestamp_ns - (uint64_t)difference;
}

int cgpiod_request_read_edge_events(struct cgpiod_request *request, struct cgpiod_edge_event *events, size_t count) {
    if (request->fd >= 0) return kernel_lines_read_edge_events(request->fd, events, count);
    if (!request->has_events) return 0;
    struct gpiod_line_event buffer[first_interface_capacity];
    if (count > first_interface_capacity) count = first_interface_capacity;
    int found = gpiod_line_event_read_multiple(request->line, buffer, (unsigned)count);
    if (found < 0) return errno == EAGAIN ? 0 : -1;
    for (int i = 0; i < found; i++) {
        uint64_t stamp = (uint64_t)buffer[i].ts.tv_sec * 1000000000u + (uint64_t)buffer[i].ts.tv_nsec;
        events[i].timestamp_ns = is_realtime(stamp) ? monotonic_of_realtime(stamp) : stamp;
        events[i].line_seqno = 0;
        events[i].is_rising = buffer[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
    }
    return found;
}

bool cgpiod_request_is_numbered(const struct cgpiod_request *request) { return request->fd >= 0; }

uint32_t cgpiod_request_event_capacity(const struct cgpiod_request *request) { return request->event_capacity; }

void cgpiod_request_release(struct cgpiod_request *request) {
    if (request->fd >= 0) close(request->fd);
    if (request->chip != NULL) gpiod_chip_close(request->chip);  // releases its line
    free(request);
}

#endif
