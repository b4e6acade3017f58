// Apart, because <linux/tcp.h> and <netinet/tcp.h> define the same names, and only the first has the byte counters.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

bool cmosquitto_tcp_bytes(int socket, uint64_t *sent, uint64_t *received);
void cmosquitto_cork(int socket, bool is_corked);

bool cmosquitto_tcp_bytes(int socket, uint64_t *sent, uint64_t *received) {
    struct tcp_info info;
    memset(&info, 0, sizeof info);
    socklen_t length = sizeof info;
    if (getsockopt(socket, 6 /* IPPROTO_TCP */, TCP_INFO, &info, &length) != 0) return false;
    // tcpi_bytes_sent came with Linux 4.19.
    if (length < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans) return false;
    *sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
    *received = info.tcpi_bytes_received;
    return true;
}

void cmosquitto_cork(int socket, bool is_corked) {
    int on = is_corked;
    // Where it is refused, each message has a segment of its own.
    (void)setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}
