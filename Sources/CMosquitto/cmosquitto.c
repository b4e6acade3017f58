// See include/cmosquitto.h.
#include "cmosquitto.h"
#include <copenssl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// A command of 64 KiB fits, with a Response Topic and Correlation Data as long as MQTT allows.
enum { HANDSHAKE_TIMEOUT_MS = 30000, HELPER_STACK_BYTES = 512 * 1024, MAXIMUM_PACKET_SIZE = 256 * 1024 };

struct cmosquitto_connection {
    /// Two while the helper runs, one afterwards.
    atomic_int owners;
    /// Written last by the helper.
    atomic_int state;
    struct mosquitto *handle;
    /// A copy of the caller's, so that a helper that was left alone writes to no other file.
    int event_fd;
    char *host;
    copenssl_options *tls;
    int port, keep_alive_seconds, version, send_maximum;
    uint32_t session_expiry_seconds;
    /// What is in flight may go out only into the session it belongs to.
    bool needs_session;
    /// The one that the library has a reference of.
    SSL_CTX *context;
    copenssl_report report;
    char failure[sizeof ((copenssl_report *)0)->text];
    int error_number;
    cmosquitto_event *first, *last;
    /// One that was used up, for the next: there is one for each acknowledgement.
    cmosquitto_event *spare;
};

// MARK: Callbacks: they append, and leave errno as it is, because the library asks it after them.

static cmosquitto_event *append_event(cmosquitto_connection *c, int kind) {
    cmosquitto_event *event = c->spare;
    c->spare = NULL;
    if (!event) event = calloc(1, sizeof *event);
    if (!event) abort();
    event->kind = kind;
    // The spare one has that of the acknowledgement that it was.
    event->reason = 0;
    if (c->last) c->last->next = event;
    else c->first = event;
    c->last = event;
    return event;
}

static void on_connect(struct mosquitto *handle, void *user, int reason, int flags, const mosquitto_property *list) {
    int kept = errno;
    cmosquitto_event *event = append_event(user, CMOSQUITTO_CONNACK);
    uint8_t byte;
    uint16_t word;
    uint32_t number;
    event->reason = reason;
    event->session_present = flags & 1;
    event->receive_maximum = mosquitto_property_read_int16(list, MQTT_PROP_RECEIVE_MAXIMUM, &word, false) ? word : -1;
    event->maximum_packet_size =
        mosquitto_property_read_int32(list, MQTT_PROP_MAXIMUM_PACKET_SIZE, &number, false) ? number : -1;
    event->maximum_qos = mosquitto_property_read_byte(list, MQTT_PROP_MAXIMUM_QOS, &byte, false) ? byte : -1;
    event->retain_available = mosquitto_property_read_byte(list, MQTT_PROP_RETAIN_AVAILABLE, &byte, false) ? byte : -1;
    event->server_keep_alive =
        mosquitto_property_read_int16(list, MQTT_PROP_SERVER_KEEP_ALIVE, &word, false) ? word : -1;
    mosquitto_property_read_string(list, MQTT_PROP_ASSIGNED_CLIENT_IDENTIFIER, &event->assigned_client_identifier,
                                   false);
    // The library formats a line for each packet as long as somebody listens.
    if (reason == 0) mosquitto_log_callback_set(handle, NULL);
    // Right after this the library sends what is in flight again, whatever the broker has said.
    bool takes_qos2 = event->maximum_qos < 0 || event->maximum_qos >= 2;
    if (reason == 0 && ((cmosquitto_connection *)user)->needs_session && !(event->session_present && takes_qos2)) {
        shutdown(mosquitto_socket(handle), SHUT_RDWR);
    }
    errno = kept;
}

static void on_publish(struct mosquitto *handle, void *user, int mid, int reason, const mosquitto_property *list) {
    (void)handle, (void)list;
    int kept = errno;
    cmosquitto_event *event = append_event(user, CMOSQUITTO_PUBLISHED);
    event->mid = mid;
    event->reason = reason;
    errno = kept;
}

static void on_subscribe(struct mosquitto *handle, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *list) {
    (void)handle, (void)list;
    int kept = errno;
    cmosquitto_event *event = append_event(user, CMOSQUITTO_SUBSCRIBED);
    event->mid = mid;
    for (int i = 0; i < count; i++) {
        if (granted[i] > event->reason) event->reason = granted[i];
    }
    errno = kept;
}

static void on_disconnect(struct mosquitto *handle, void *user, int reason, const mosquitto_property *list) {
    (void)handle, (void)list;
    int kept = errno;
    append_event(user, CMOSQUITTO_DISCONNECTED)->reason = reason;
    errno = kept;
}

static void on_message(struct mosquitto *handle, void *user, const struct mosquitto_message *message,
                       const mosquitto_property *list) {
    (void)handle;
    int kept = errno;
    cmosquitto_event *event = append_event(user, CMOSQUITTO_MESSAGE);
    uint16_t length = 0;
    size_t payload_length = (size_t)message->payloadlen;
    if (payload_length > CMOSQUITTO_PAYLOAD_LIMIT) payload_length = CMOSQUITTO_PAYLOAD_LIMIT;
    event->topic = strdup(message->topic);
    event->payload = malloc(payload_length + 1);
    if (!event->topic || !event->payload) abort();
    if (payload_length) memcpy(event->payload, message->payload, payload_length);
    event->payload_length = payload_length;
    event->retain = message->retain;
    mosquitto_property_read_string(list, MQTT_PROP_RESPONSE_TOPIC, &event->response_topic, false);
    if (mosquitto_property_read_binary(list, MQTT_PROP_CORRELATION_DATA, &event->correlation, &length, false)) {
        event->correlation_length = length;
    }
    errno = kept;
}

/// Heard until the CONNACK: OpenSSL's errors reach us only this way.
static void on_log(struct mosquitto *handle, void *user, int level, const char *text) {
    (void)handle;
    cmosquitto_connection *c = user;
    int kept = errno;
    if (level == MOSQ_LOG_ERR && !c->report.text[0] && strstr(text, "OpenSSL Error")) {
        const char *reason = strrchr(text, ':');
        const char *hint = "";
        if (strstr(text, "wrong version number")) hint = " (the broker does not speak TLS on this port)";
        if (strstr(text, "protocol version")) hint = " (the broker has no TLS 1.2 or later)";
        if (strstr(text, "certificate required")) hint = " (the broker wants a client certificate: tls.certificate_file)";
        if (strstr(text, "alert unknown ca")) hint = " (the broker does not know the authority of tls.certificate_file)";
        if (strstr(text, "alert certificate expired")) hint = " (tls.certificate_file has expired, or the broker's clock is wrong)";
        if (c->tls && c->tls->psk_length && (strstr(text, "unknown psk identity") || strstr(text, "decrypt error") ||
                                             strstr(text, "bad record mac"))) {
            hint = " (the broker does not know tls.psk_identity, or has another tls.psk for it)";
        }
        if (c->tls && c->tls->psk_length && strstr(text, "handshake failure")) hint = " (the broker offers no PSK)";
        snprintf(c->report.text, sizeof c->report.text, "%s%s", reason ? reason + 1 : text, hint);
    }
    errno = kept;
}

// MARK: The helper thread

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int failed(cmosquitto_connection *c, int state, const char *text) {
    snprintf(c->failure, sizeof c->failure, "%s", text);
    return state;
}

static int tls_failed(cmosquitto_connection *c, const char *otherwise) {
    return failed(c, CMOSQUITTO_TLS_FAILED, c->report.text[0] ? c->report.text : otherwise);
}

/// The handshake is not done in mosquitto_connect: it ends in loop_read.
static int shake_hands(cmosquitto_connection *c, int64_t give_up_at) {
    for (;;) {
        SSL *ssl = mosquitto_ssl_get(c->handle);
        int socket = mosquitto_socket(c->handle);
        if (!ssl || socket < 0) return tls_failed(c, "the handshake failed");
        if (SSL_is_init_finished(ssl)) return CMOSQUITTO_READY;
        int64_t left = give_up_at - monotonic_ms();
        if (left <= 0) return failed(c, CMOSQUITTO_TLS_FAILED, "the handshake was not finished in 30 s");
        struct pollfd wanted = {.fd = socket, .events = SSL_want_write(ssl) ? POLLOUT : POLLIN};
        if (poll(&wanted, 1, (int)left) <= 0) continue;
        // The library takes the end of the connection for "not yet", and would ask for ever.
        char byte;
        ssize_t peeked = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (peeked == 0 || (peeked < 0 && errno != EAGAIN && errno != EINTR)) {
            return tls_failed(c, "the broker closed the connection in the handshake; does it speak TLS on this port?");
        }
        if (mosquitto_loop_read(c->handle, 1) != MOSQ_ERR_SUCCESS) return tls_failed(c, "the handshake failed");
    }
}

static int write_connect(cmosquitto_connection *c, int64_t give_up_at) {
    while (mosquitto_want_write(c->handle)) {
        int64_t left = give_up_at - monotonic_ms();
        if (left <= 0) return failed(c, CMOSQUITTO_UNREACHABLE, "CONNECT could not be written in 30 s");
        struct pollfd wanted = {.fd = mosquitto_socket(c->handle), .events = POLLOUT};
        if (poll(&wanted, 1, (int)left) <= 0) continue;
        int result = mosquitto_loop_write(c->handle, 1);
        if (result != MOSQ_ERR_SUCCESS) return failed(c, CMOSQUITTO_CLOSED, cmosquitto_text(result, errno));
    }
    return CMOSQUITTO_READY;
}

static int establish(cmosquitto_connection *c) {
    if (c->tls) {
        SSL_CTX *context = copenssl_client_context(c->host, c->tls, &c->report);
        if (!context) return tls_failed(c, "no context");
        // Without a context of ours the library would speak plain text; and it must not change ours.
        int result = mosquitto_void_option(c->handle, MOSQ_OPT_SSL_CTX, context);
        if (!result) result = mosquitto_int_option(c->handle, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
        SSL_CTX_free(context);
        // The library forgets the one of the last connection without letting go of it.
        if (!result && c->context) SSL_CTX_free(c->context);
        if (!result) c->context = context;
        if (result != MOSQ_ERR_SUCCESS) return failed(c, CMOSQUITTO_TLS_FAILED, "the MQTT library has no TLS");
    }
    mosquitto_property *list = NULL;
    if (c->version == MQTT_PROTOCOL_V5) {
        // A broker keeps to it: without it, one message that is sent to us could take all memory of a small board.
        mosquitto_property_add_int32(&list, MQTT_PROP_MAXIMUM_PACKET_SIZE, MAXIMUM_PACKET_SIZE);
        if (c->session_expiry_seconds) {
            mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, c->session_expiry_seconds);
        }
    }
    errno = 0;
    int result = mosquitto_connect_bind_v5(c->handle, c->host, c->port, c->keep_alive_seconds, NULL, list);
    int error_number = errno;
    mosquitto_property_free_all(&list);
    switch (result) {
    case MOSQ_ERR_SUCCESS: break;
    case MOSQ_ERR_EAI:
        snprintf(c->failure, sizeof c->failure, "%s: %s", c->host, gai_strerror(error_number));
        return CMOSQUITTO_NAME_NOT_FOUND;
    case MOSQ_ERR_TLS: return tls_failed(c, "the handshake failed");
    default:
        snprintf(c->failure, sizeof c->failure, "%s port %d: %s", c->host, c->port,
                 cmosquitto_text(result, error_number));
        return CMOSQUITTO_UNREACHABLE;
    }
    int socket = mosquitto_socket(c->handle);
    unsigned timeout_ms = (unsigned)c->keep_alive_seconds * 1000;
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    int64_t give_up_at = monotonic_ms() + HANDSHAKE_TIMEOUT_MS;
    if (c->tls) {
        int state = shake_hands(c, give_up_at);
        if (state != CMOSQUITTO_READY) return state;
    }
    return write_connect(c, give_up_at);
}

static void *help(void *argument) {
    cmosquitto_connection *c = argument;
    int state = establish(c);
    atomic_store(&c->state, state);
    uint64_t one = 1;
    while (write(c->event_fd, &one, sizeof one) < 0 && errno == EINTR) {}
    cmosquitto_release(c);
    return NULL;
}

/// Detached, and with every signal blocked: signals are the loop's.
static bool start_helper(cmosquitto_connection *c) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, HELPER_STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread, &attributes, help, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return result == 0;
}

// MARK: Life

static bool set_will(struct mosquitto *handle, const cmosquitto_options *o) {
    mosquitto_property *list = NULL;
    if (o->version == MQTT_PROTOCOL_V5) {
        if (o->will_delay_seconds) {
            mosquitto_property_add_int32(&list, MQTT_PROP_WILL_DELAY_INTERVAL, o->will_delay_seconds);
        }
        if (o->will_is_text) mosquitto_property_add_byte(&list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
        if (o->will_content_type) mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, o->will_content_type);
    }
    int result = mosquitto_will_set_v5(handle, o->will_topic, o->will_length, o->will_payload, o->will_qos,
                                       o->will_retain, list);
    // The library keeps the list when it succeeds.
    if (result != MOSQ_ERR_SUCCESS) mosquitto_property_free_all(&list);
    return result == MOSQ_ERR_SUCCESS;
}

static bool configure(cmosquitto_connection *c, const cmosquitto_options *o) {
    c->handle = mosquitto_new(o->client_identifier, o->is_clean, c);
    if (!c->handle) return false;
    struct mosquitto *handle = c->handle;
    mosquitto_connect_v5_callback_set(handle, on_connect);
    mosquitto_publish_v5_callback_set(handle, on_publish);
    mosquitto_subscribe_v5_callback_set(handle, on_subscribe);
    mosquitto_disconnect_v5_callback_set(handle, on_disconnect);
    mosquitto_message_v5_callback_set(handle, on_message);
    if (o->is_tls) mosquitto_log_callback_set(handle, on_log);
    return mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, o->version) == MOSQ_ERR_SUCCESS
        && mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, o->send_maximum) == MOSQ_ERR_SUCCESS
        && mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1) == MOSQ_ERR_SUCCESS
        && (!o->username || mosquitto_username_pw_set(handle, o->username, o->password) == MOSQ_ERR_SUCCESS)
        && (!o->will_topic || set_will(handle, o));
}

cmosquitto_connection *cmosquitto_connect(const cmosquitto_options *options, int event_fd) {
    cmosquitto_connection *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    atomic_init(&c->owners, 1);
    c->event_fd = fcntl(event_fd, F_DUPFD_CLOEXEC, 0);
    c->host = strdup(options->host);
    c->tls = options->is_tls ? copenssl_copy(&options->tls) : NULL;
    c->port = options->port;
    c->version = options->version;
    c->session_expiry_seconds = options->version == MQTT_PROTOCOL_V5 ? options->session_expiry_seconds : 0;
    c->keep_alive_seconds = options->keep_alive_seconds;
    c->send_maximum = options->send_maximum;
    if (c->event_fd >= 0 && c->host && (c->tls || !options->is_tls) && configure(c, options)) {
        atomic_store(&c->owners, 2);
        if (start_helper(c)) return c;
        atomic_store(&c->owners, 1);
    }
    cmosquitto_release(c);
    return NULL;
}

bool cmosquitto_reconnect(cmosquitto_connection *c, bool needs_session) {
    c->needs_session = needs_session;
    c->failure[0] = 0;
    c->report.text[0] = 0;
    if (c->tls) mosquitto_log_callback_set(c->handle, on_log);
    // The last CONNACK may have made it less.
    mosquitto_int_option(c->handle, MOSQ_OPT_SEND_MAXIMUM, c->send_maximum);
    atomic_store(&c->state, CMOSQUITTO_CONNECTING);
    // The last helper may not have let go yet.
    atomic_fetch_add(&c->owners, 1);
    if (start_helper(c)) return true;
    atomic_fetch_sub(&c->owners, 1);
    return false;
}

void cmosquitto_release(cmosquitto_connection *c) {
    if (atomic_fetch_sub(&c->owners, 1) != 1) return;
    if (c->handle) mosquitto_destroy(c->handle);
    cmosquitto_event *event;
    while ((event = cmosquitto_next_event(c))) cmosquitto_free_event(c, event);
    free(c->spare);
    if (c->event_fd >= 0) close(c->event_fd);
    free(c->host);
    copenssl_free(c->tls);
    free(c);
}

int cmosquitto_state(const cmosquitto_connection *c) { return atomic_load(&c->state); }

const char *cmosquitto_failure(const cmosquitto_connection *c) {
    return c->failure[0] ? c->failure : c->report.text;
}

int cmosquitto_socket(const cmosquitto_connection *c) { return mosquitto_socket(c->handle); }
bool cmosquitto_wants_write(const cmosquitto_connection *c) { return mosquitto_want_write(c->handle); }

int cmosquitto_pending(const cmosquitto_connection *c) {
    SSL *ssl = mosquitto_ssl_get(c->handle);
    return ssl ? SSL_pending(ssl) : 0;
}

int cmosquitto_read(cmosquitto_connection *c) {
    int result = mosquitto_loop_read(c->handle, 1);
    c->error_number = errno;
    return result;
}

int cmosquitto_write(cmosquitto_connection *c) {
    int result = mosquitto_loop_write(c->handle, 1);
    c->error_number = errno;
    return result;
}

int cmosquitto_misc(cmosquitto_connection *c) {
    int result = mosquitto_loop_misc(c->handle);
    c->error_number = errno;
    return result;
}

int cmosquitto_error_number(const cmosquitto_connection *c) { return c->error_number; }

const char *cmosquitto_text(int result, int error_number) {
    if (result == MOSQ_ERR_CONN_LOST) return "the broker closed the connection";
    if (result == MOSQ_ERR_ERRNO && error_number == EPROTO) return "the TLS connection broke off";
    if (result == MOSQ_ERR_ERRNO) return strerror(error_number);
    // What the library calls unknown is a connection that ended while CONNECT was being written.
    if (result == MOSQ_ERR_UNKNOWN) return error_number ? strerror(error_number) : "the connection broke while it was made";
    return mosquitto_strerror(result);
}

void cmosquitto_add_properties(cmosquitto_properties *p, const char *content_type, bool is_text, const void *correlation,
                               int correlation_length, int64_t expiry_seconds) {
    if (!p->result && is_text) p->result = mosquitto_property_add_byte(&p->list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
    if (!p->result && expiry_seconds >= 0) {
        p->result = mosquitto_property_add_int32(&p->list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, (uint32_t)expiry_seconds);
    }
    if (!p->result && content_type) {
        p->result = mosquitto_property_add_string(&p->list, MQTT_PROP_CONTENT_TYPE, content_type);
    }
    if (!p->result && correlation_length >= 0) {
        p->result = mosquitto_property_add_binary(&p->list, MQTT_PROP_CORRELATION_DATA, correlation,
                                                  (uint16_t)correlation_length);
    }
}

static void add_user_property(cmosquitto_properties *p, const char *name, const char *value) {
    if (!p->result) p->result = mosquitto_property_add_string_pair(&p->list, MQTT_PROP_USER_PROPERTY, name, value);
}

void cmosquitto_add_reading_name(cmosquitto_properties *p, uint32_t stream, uint64_t sequence) {
    char digits[8 + 1], number[20 + 1];
    digits[8] = number[20] = 0;
    for (int at = 7; at >= 0; at--, stream >>= 4) digits[at] = "0123456789abcdef"[stream & 15];
    int at = 20;
    do number[--at] = (char)('0' + sequence % 10);
    while (sequence /= 10);
    add_user_property(p, "stream", digits);
    add_user_property(p, "seq", number + at);
}

int cmosquitto_publish(cmosquitto_connection *c, cmosquitto_properties *p, int *mid, const char *topic,
                       const uint8_t *payload, int length, int qos, bool retain) {
    int result = p->result;
    if (!result) {
        result = mosquitto_publish_v5(c->handle, mid, topic, length, payload, qos, retain, p->list);
        c->error_number = errno;
    }
    mosquitto_property_free_all(&p->list);
    return result;
}

int cmosquitto_subscribe(cmosquitto_connection *c, int *mid, const char *filter) {
    // What is published with retain is told as such also when it comes at once. MQTT 3.1.1 cannot say so.
    int options = c->version == MQTT_PROTOCOL_V5 ? MQTT_SUB_OPT_RETAIN_AS_PUBLISHED : 0;
    int result = mosquitto_subscribe_v5(c->handle, mid, filter, 0, options, NULL);
    c->error_number = errno;
    return result;
}

int cmosquitto_unsubscribe(cmosquitto_connection *c, const char *filter) {
    int result = mosquitto_unsubscribe(c->handle, NULL, filter);
    c->error_number = errno;
    return result;
}

int cmosquitto_disconnect(cmosquitto_connection *c, int reason) {
    mosquitto_property *list = NULL;
    // The end for good: the broker keeps nothing.
    if (reason == 0 && c->session_expiry_seconds) {
        mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 0);
    }
    int result = mosquitto_disconnect_v5(c->handle, reason, list);
    c->error_number = errno;
    mosquitto_property_free_all(&list);
    return result;
}

void cmosquitto_shutdown(cmosquitto_connection *c) {
    int socket = mosquitto_socket(c->handle);
    if (socket >= 0) shutdown(socket, SHUT_RDWR);
}

cmosquitto_event *cmosquitto_next_event(cmosquitto_connection *c) {
    cmosquitto_event *event = c->first;
    if (event) {
        c->first = event->next;
        if (!c->first) c->last = NULL;
    }
    return event;
}

void cmosquitto_free_event(cmosquitto_connection *c, cmosquitto_event *event) {
    if (event->kind == CMOSQUITTO_PUBLISHED && !c->spare) {
        event->next = NULL;
        c->spare = event;
        return;
    }
    free(event->assigned_client_identifier);
    free(event->topic);
    free(event->payload);
    free(event->response_topic);
    free(event->correlation);
    free(event);
}
