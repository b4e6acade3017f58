#pragma once
// The kernel's second interface for GPIO lines (linux/gpio.h, GPIO_V2_*), Linux 5.10 and later.
#include "cgpiod.h"

/// Whether the chip behind `chip_fd` has the interface.
bool kernel_lines_available(int chip_fd);
/// The descriptor of the request, which does not block; -1 and errno.
int kernel_lines_request(int chip_fd, uint32_t offset, const char *consumer,
                         const struct cgpiod_line_settings *settings, uint32_t event_buffer_size);
int kernel_lines_reconfigure(int fd, const struct cgpiod_line_settings *settings);
int kernel_lines_get_value(int fd);
int kernel_lines_read_edge_events(int fd, struct cgpiod_edge_event *events, size_t count);
