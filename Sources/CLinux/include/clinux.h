#pragma once
// What glibc gives and Swift cannot name: variadic functions and macros, each under a name of its own.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/// open(2), which is variadic, with O_CLOEXEC always.
static inline int clinux_open(const char *path, int flags, unsigned mode) {
    return open(path, flags | O_CLOEXEC, (mode_t)mode);
}

/// errno is a macro.
static inline int clinux_errno(void) { return errno; }

/// d_name is an array inside the entry.
static inline const char *clinux_entry_name(const struct dirent *entry) { return entry->d_name; }

/// SIG_IGN is a macro with a cast.
static inline void clinux_ignore(int number) { signal(number, SIG_IGN); }

static inline int clinux_tfd_timer_cancel_on_set(void) { return TFD_TIMER_CANCEL_ON_SET; }
