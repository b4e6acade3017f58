#pragma once
// Addresses of AF_UNIX sockets, whose sun_path is an array inside the structure, which Swift sees as a tuple.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

static inline int clinux_unix_address(const char *path, struct sockaddr_un *address) {
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return 0;
}

/// bind(2) of a stream socket to a path, its file made with the mode 0660 from the start.
static inline int clinux_unix_bind(int descriptor, const char *path) {
    struct sockaddr_un address;
    if (clinux_unix_address(path, &address) != 0) return -1;
    // The mode of the descriptor is what bind gives the file, less the umask; fchmod before bind leaves no moment in
    // which anyone may connect.
    fchmod(descriptor, 0660);
    int result = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    if (result == 0 && chmod(path, 0660) != 0) return -1;
    return result;
}

static inline int clinux_unix_connect(int descriptor, const char *path) {
    struct sockaddr_un address;
    if (clinux_unix_address(path, &address) != 0) return -1;
    return connect(descriptor, (struct sockaddr *)&address, sizeof address);
}

/// A new stream socket, close-on-exec; not blocking when asked.
static inline int clinux_unix_socket(int nonblocking) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
}

/// accept(2), the client close-on-exec and not blocking. (accept4 is a GNU extension, which Swift's importer does not see.)
static inline int clinux_accept(int descriptor) {
    int client = accept(descriptor, 0, 0);
    if (client >= 0) {
        fcntl(client, F_SETFD, FD_CLOEXEC);
        fcntl(client, F_SETFL, O_NONBLOCK);
    }
    return client;
}

/// send(2) that raises no SIGPIPE.
static inline ssize_t clinux_send(int descriptor, const void *bytes, size_t count) {
    return send(descriptor, bytes, count, MSG_NOSIGNAL);
}

/// Limits to `seconds` what a read or a write waits. (With a 64-bit time on a 32-bit system the options' names are
/// expressions, which Swift's importer does not see.)
static inline void clinux_set_timeouts(int descriptor, int seconds) {
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}
