// libgpiod 2, called by its own words.
#include <gpiod.h>
#ifndef GPIOD_LINE_BULK_MAX_LINES  // libgpiod 1 has it, libgpiod 2 has not

#include "cgpiod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct cgpiod_request {
    struct gpiod_line_request *request;
    struct gpiod_edge_event_buffer *buffer;
    uint32_t offset;
    uint32_t event_capacity;
};

int cgpiod_library(void) { return 2; }

static void copy_name(char *to, const char *from) {
    memset(to, 0, CGPIOD_NAME_SIZE);
    if (from != NULL) strncpy(to, from, CGPIOD_NAME_SIZE - 1);
}

struct cgpiod_chip *cgpiod_chip_open(const char *path) { return (struct cgpiod_chip *)gpiod_chip_open(path); }

void cgpiod_chip_close(struct cgpiod_chip *chip) { gpiod_chip_close((struct gpiod_chip *)chip); }

int cgpiod_chip_get_info(struct cgpiod_chip *chip, struct cgpiod_chip_info *info) {
    struct gpiod_chip_info *found = gpiod_chip_get_info((struct gpiod_chip *)chip);
    if (found == NULL) return -1;
    copy_name(info->name, gpiod_chip_info_get_name(found));
    copy_name(info->label, gpiod_chip_info_get_label(found));
    info->num_lines = (uint32_t)gpiod_chip_info_get_num_lines(found);
    gpiod_chip_info_free(found);
    return 0;
}

int cgpiod_chip_get_line_info(struct cgpiod_chip *chip, uint32_t offset, struct cgpiod_line_info *info) {
    struct gpiod_line_info *found = gpiod_chip_get_line_info((struct gpiod_chip *)chip, offset);
    if (found == NULL) return -1;
    copy_name(info->name, gpiod_line_info_get_name(found));
    copy_name(info->consumer, gpiod_line_info_get_consumer(found));
    info->is_used = gpiod_line_info_is_used(found);
    info->is_active_low = gpiod_line_info_is_active_low(found);
    info->direction = gpiod_line_info_get_direction(found) == GPIOD_LINE_DIRECTION_OUTPUT ? CGPIOD_DIRECTION_OUTPUT
                                                                                        : CGPIOD_DIRECTION_INPUT;
    switch (gpiod_line_info_get_bias(found)) {
    case GPIOD_LINE_BIAS_DISABLED: info->bias = CGPIOD_BIAS_DISABLED; break;
    case GPIOD_LINE_BIAS_PULL_UP: info->bias = CGPIOD_BIAS_PULL_UP; break;
    case GPIOD_LINE_BIAS_PULL_DOWN: info->bias = CGPIOD_BIAS_PULL_DOWN; break;
    default: info->bias = CGPIOD_BIAS_AS_IS; break;
    }
    gpiod_line_info_free(found);
    return 0;
}

static int fill(struct gpiod_line_settings *to, const struct cgpiod_line_settings *from) {
    bool is_output = from->direction == CGPIOD_DIRECTION_OUTPUT;
    int result = gpiod_line_settings_set_direction(
        to, is_output ? GPIOD_LINE_DIRECTION_OUTPUT : GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_active_low(to, from->is_active_low);
    switch (from->bias) {
    case CGPIOD_BIAS_DISABLED: result |= gpiod_line_settings_set_bias(to, GPIOD_LINE_BIAS_DISABLED); break;
    case CGPIOD_BIAS_PULL_UP: result |= gpiod_line_settings_set_bias(to, GPIOD_LINE_BIAS_PULL_UP); break;
    case CGPIOD_BIAS_PULL_DOWN: result |= gpiod_line_settings_set_bias(to, GPIOD_LINE_BIAS_PULL_DOWN); break;
    default: break;
    }
    if (is_output) {
        result |= gpiod_line_settings_set_output_value(
            to, from->output_value ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
        return result;
    }
    switch (from->edge) {
    case CGPIOD_EDGE_RISING: result |= gpiod_line_settings_set_edge_detection(to, GPIOD_LINE_EDGE_RISING); break;
    case CGPIOD_EDGE_FALLING: result |= gpiod_line_settings_set_edge_detection(to, GPIOD_LINE_EDGE_FALLING); break;
    case CGPIOD_EDGE_BOTH: result |= gpiod_line_settings_set_edge_detection(to, GPIOD_LINE_EDGE_BOTH); break;
    default: break;
    }
    gpiod_line_settings_set_debounce_period_us(to, from->debounce_period_us);
    return result;
}

// The configuration of one line; NULL and errno.
static struct gpiod_line_config *config_of(uint32_t offset, const struct cgpiod_line_settings *settings) {
    struct gpiod_line_settings *line_settings = gpiod_line_settings_new();
    struct gpiod_line_config *config = gpiod_line_config_new();
    unsigned offsets[1] = {offset};
    if (line_settings == NULL || config == NULL || fill(line_settings, settings) != 0 ||
        gpiod_line_config_add_line_settings(config, offsets, 1, line_settings) != 0) {
        int error = errno;
        gpiod_line_config_free(config);
        config = NULL;
        errno = error;
    }
    int error = errno;
    gpiod_line_settings_free(line_settings);
    errno = error;
    return config;
}

struct cgpiod_request *cgpiod_request_line(const char *path, uint32_t offset, const char *consumer,
                                           const struct cgpiod_line_settings *settings, uint32_t event_buffer_size,
                                           bool first_interface) {
    if (first_interface) {
        errno = ENOTSUP;
        return NULL;
    }
    struct gpiod_chip *chip = gpiod_chip_open(path);
    if (chip == NULL) return NULL;
    struct cgpiod_request *request = calloc(1, sizeof *request);
    struct gpiod_line_config *config = config_of(offset, settings);
    struct gpiod_request_config *request_config = gpiod_request_config_new();
    if (request == NULL || config == NULL || request_config == NULL) goto failed;
    char label[CGPIOD_NAME_SIZE];
    copy_name(label, consumer);
    gpiod_request_config_set_consumer(request_config, label);
    gpiod_request_config_set_event_buffer_size(request_config, event_buffer_size);
    request->offset = offset;
    request->event_capacity = event_buffer_size;
    request->buffer = gpiod_edge_event_buffer_new(64);
    if (request->buffer == NULL) goto failed;
    request->request = gpiod_chip_request_lines(chip, request_config, config);
    if (request->request == NULL) goto failed;
    int fd = gpiod_line_request_get_fd(request->request);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) goto failed;
    gpiod_request_config_free(request_config);
    gpiod_line_config_free(config);
    gpiod_chip_close(chip);
    return request;

failed:;
    int error = errno;
    if (request != NULL) {
        if (request->request != NULL) gpiod_line_request_release(request->request);
        if (request->buffer != NULL) gpiod_edge_event_buffer_free(request->buffer);
        free(request);
    }
    gpiod_request_config_free(request_config);
    gpiod_line_config_free(config);
    gpiod_chip_close(chip);
    errno = error;
    return NULL;
}

int cgpiod_request_reconfigure(struct cgpiod_request *request, const struct cgpiod_line_settings *settings) {
    struct gpiod_line_config *config = config_of(request->offset, settings);
    if (config == NULL) return -1;
    int result = gpiod_line_request_reconfigure_lines(request->request, config);
    int error = errno;
    gpiod_line_config_free(config);
    errno = error;
    return result;
}

int cgpiod_request_get_value(struct cgpiod_request *request) {
    switch (gpiod_line_request_get_value(request->request, request->offset)) {
    case GPIOD_LINE_VALUE_ACTIVE: return 1;
    case GPIOD_LINE_VALUE_INACTIVE: return 0;
    default: return -1;
    }
}

int cgpiod_request_get_fd(const struct cgpiod_request *request) {
    return gpiod_line_request_get_fd(request->request);
}

int cgpiod_request_read_edge_events(struct cgpiod_request *request, struct cgpiod_edge_event *events, size_t count) {
    if (count > 64) count = 64;
    int found;
    do found = gpiod_line_request_read_edge_events(request->request, request->buffer, count);
    while (found < 0 && errno == EINTR);
    if (found < 0) return errno == EAGAIN ? 0 : -1;
    for (int i = 0; i < found; i++) {
        struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(request->buffer, (unsigned long)i);
        events[i].timestamp_ns = gpiod_edge_event_get_timestamp_ns(event);
        events[i].line_seqno = (uint32_t)gpiod_edge_event_get_line_seqno(event);
        events[i].is_rising = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
    }
    return found;
}

bool cgpiod_request_is_numbered(const struct cgpiod_request *request) {
    (void)request;
    return true;
}

uint32_t cgpiod_request_event_capacity(const struct cgpiod_request *request) { return request->event_capacity; }

void cgpiod_request_release(struct cgpiod_request *request) {
    gpiod_line_request_release(request->request);
    gpiod_edge_event_buffer_free(request->buffer);
    free(request);
}

#endif
