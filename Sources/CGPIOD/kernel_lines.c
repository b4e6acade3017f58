// See kernel_lines.h. Each function is one ioctl(2) or read(2) of linux/gpio.h.
#include "kernel_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool kernel_lines_available(int chip_fd) {
    struct gpio_v2_line_info info;
    memset(&info, 0, sizeof info);
    // An older kernel answers EINVAL to any ioctl that it does not know; offset 0 exists on every chip.
    return ioctl(chip_fd, GPIO_V2_GET_LINEINFO_IOCTL, &info) == 0;
}

static void fill(struct gpio_v2_line_config *config, const struct cgpiod_line_settings *settings) {
    memset(config, 0, sizeof *config);
    bool is_output = settings->direction == CGPIOD_DIRECTION_OUTPUT;
    config->flags = is_output ? GPIO_V2_LINE_FLAG_OUTPUT : GPIO_V2_LINE_FLAG_INPUT;
    if (settings->is_active_low) config->flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    if (!is_output && settings->edge & CGPIOD_EDGE_RISING) config->flags |= GPIO_V2_LINE_FLAG_EDGE_RISING;
    if (!is_output && settings->edge & CGPIOD_EDGE_FALLING) config->flags |= GPIO_V2_LINE_FLAG_EDGE_FALLING;
    switch (settings->bias) {
    case CGPIOD_BIAS_DISABLED: config->flags |= GPIO_V2_LINE_FLAG_BIAS_DISABLED; break;
    case CGPIOD_BIAS_PULL_UP: config->flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_UP; break;
    case CGPIOD_BIAS_PULL_DOWN: config->flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN; break;
    default: break;
    }
    if (is_output) {
        config->attrs[0].mask = 1;
        config->attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
        config->attrs[0].attr.values = settings->output_value ? 1 : 0;
        config->num_attrs = 1;
    } else if (settings->debounce_period_us != 0) {
        config->attrs[0].mask = 1;
        config->attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
        config->attrs[0].attr.debounce_period_us = settings->debounce_period_us;
        config->num_attrs = 1;
    }
}

int kernel_lines_request(int chip_fd, uint32_t offset, const char *consumer,
                         const struct cgpiod_line_settings *settings, uint32_t event_buffer_size) {
    struct gpio_v2_line_request request;
    memset(&request, 0, sizeof request);
    request.offsets[0] = offset;
    request.num_lines = 1;
    request.event_buffer_size = event_buffer_size;
    strncpy(request.consumer, consumer, sizeof request.consumer - 1);
    fill(&request.config, settings);
    if (ioctl(chip_fd, GPIO_V2_GET_LINE_IOCTL, &request) != 0) return -1;
    int flags = fcntl(request.fd, F_GETFL);
    if (flags < 0 || fcntl(request.fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        int error = errno;
        close(request.fd);
        errno = error;
        return -1;
    }
    return request.fd;
}

int kernel_lines_reconfigure(int fd, const struct cgpiod_line_settings *settings) {
    struct gpio_v2_line_config config;
    fill(&config, settings);
    return ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config) == 0 ? 0 : -1;
}

int kernel_lines_get_value(int fd) {
    struct gpio_v2_line_values values = {.bits = 0, .mask = 1};
    if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) != 0) return -1;
    return (int)(values.bits & 1);
}

int kernel_lines_read_edge_events(int fd, struct cgpiod_edge_event *events, size_t count) {
    struct gpio_v2_line_event buffer[64];
    if (count > sizeof buffer / sizeof buffer[0]) count = sizeof buffer / sizeof buffer[0];
    ssize_t length;
    do length = read(fd, buffer, count * sizeof buffer[0]);
    while (length < 0 && errno == EINTR);
    if (length < 0) return errno == EAGAIN ? 0 : -1;
    size_t found = (size_t)length / sizeof buffer[0];
    for (size_t i = 0; i < found; i++) {
        events[i].timestamp_ns = buffer[i].timestamp_ns;
        events[i].line_seqno = buffer[i].line_seqno;
        events[i].is_rising = buffer[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE;
    }
    return (int)found;
}
