#pragma once
// One connection of libmosquitto: made in a helper thread, then driven by the loop thread. The callbacks only append to
// the connection's inbox. What is decided from it is decided in MQTTTransport.
#include <copenssl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cmosquitto_connection cmosquitto_connection;

typedef struct cmosquitto_options {
    const char *host;
    int port;
    const char *client_identifier;
    /// NULL: none.
    const char *username;
    const char *password;
    bool is_tls;
    copenssl_options tls;
    /// MQTT_PROTOCOL_V5 or MQTT_PROTOCOL_V311
    int version;
    int keep_alive_seconds;
    int send_maximum;
    /// NULL: no Will Message.
    const char *will_topic;
    const uint8_t *will_payload;
    int will_length;
    int will_qos;
    bool will_retain;
    const char *will_content_type;
    bool will_is_text;
    /// Clean Start (5), Clean Session (3.1.1).
    bool is_clean;
    /// MQTT 5: of the session, and the delay of the Will Message; 0: none.
    uint32_t session_expiry_seconds;
    uint32_t will_delay_seconds;
} cmosquitto_options;

enum cmosquitto_state {
    CMOSQUITTO_CONNECTING = 0,
    CMOSQUITTO_READY,
    CMOSQUITTO_NAME_NOT_FOUND,
    CMOSQUITTO_UNREACHABLE,
    CMOSQUITTO_TLS_FAILED,
    CMOSQUITTO_CLOSED,
};

enum cmosquitto_event_kind {
    CMOSQUITTO_CONNACK = 1,
    CMOSQUITTO_PUBLISHED,
    CMOSQUITTO_DISCONNECTED,
    CMOSQUITTO_MESSAGE,
    CMOSQUITTO_SUBSCRIBED,
};

/// One byte more than any command may have: enough to tell that it is too long, and to copy no more of it.
enum { CMOSQUITTO_PAYLOAD_LIMIT = 64 * 1024 + 1 };

typedef struct cmosquitto_event {
    int kind;
    int mid;
    /// The reason of CONNACK, PUBACK, DISCONNECT; of SUBACK the highest.
    int reason;
    bool session_present;
    /// Of CONNACK; -1: the broker did not say.
    int64_t receive_maximum, maximum_packet_size, maximum_qos, retain_available, server_keep_alive;
    char *assigned_client_identifier;
    /// Of a message.
    char *topic;
    /// No longer than CMOSQUITTO_PAYLOAD_LIMIT: of more than it only the beginning is kept.
    uint8_t *payload;
    size_t payload_length;
    bool retain;
    char *response_topic;
    void *correlation;
    size_t correlation_length;
    struct cmosquitto_event *next;
} cmosquitto_event;

/// Begins to connect, in a thread of its own: name, TCP, TLS (30 s at most), CONNECT. Then 1 is added to `event_fd`.
/// NULL: no memory, no thread, or the library does not take the options.
cmosquitto_connection *cmosquitto_connect(const cmosquitto_options *options, int event_fd);
/// Connects one again whose connection is lost and whose helper has reported, with what it has in flight. `needs_session`: where
/// the broker has not kept the session, or takes less than QoS 2, the connection ends before anything of that goes out.
/// False: no thread.
bool cmosquitto_reconnect(cmosquitto_connection *connection, bool needs_session);
/// Lets go of it: destroyed now, or by its helper when that is done.
void cmosquitto_release(cmosquitto_connection *connection);
/// `enum cmosquitto_state`. The calls below are for a connection that is ready.
int cmosquitto_state(const cmosquitto_connection *connection);
/// Why it is not ready, or what TLS said while the connection was lost.
const char *cmosquitto_failure(const cmosquitto_connection *connection);

int cmosquitto_socket(const cmosquitto_connection *connection);
bool cmosquitto_wants_write(const cmosquitto_connection *connection);
/// Decrypted bytes that no poll reports.
int cmosquitto_pending(const cmosquitto_connection *connection);
/// mosquitto_loop_read, _write, _misc: MOSQ_ERR_ number.
int cmosquitto_read(cmosquitto_connection *connection);
int cmosquitto_write(cmosquitto_connection *connection);
int cmosquitto_misc(cmosquitto_connection *connection);
/// `errno` right after the last of these three, or of a publish.
int cmosquitto_error_number(const cmosquitto_connection *connection);
/// `text` is what MOSQ_ERR_ number and errno mean, in words.
const char *cmosquitto_text(int result, int error_number);

/// Of one message of MQTT 5, zeroed at first. `result`: MOSQ_ERR_ number of what could not be added.
typedef struct cmosquitto_properties {
    struct mqtt5__property *list;
    int result;
} cmosquitto_properties;

/// `content_type` NULL: none; `correlation_length` -1: no Correlation Data; `expiry_seconds` -1: no Message Expiry Interval.
void cmosquitto_add_properties(cmosquitto_properties *properties, const char *content_type, bool is_text,
                               const void *correlation, int correlation_length, int64_t expiry_seconds);
/// The user properties `stream` (8 hexadecimal digits) and `seq` (decimal).
void cmosquitto_add_reading_name(cmosquitto_properties *properties, uint32_t stream, uint64_t sequence);
/// Frees the properties.
int cmosquitto_publish(cmosquitto_connection *connection, cmosquitto_properties *properties, int *mid, const char *topic,
                       const uint8_t *payload, int length, int qos, bool retain);
/// `mid` comes back with CMOSQUITTO_SUBSCRIBED.
int cmosquitto_subscribe(cmosquitto_connection *connection, int *mid, const char *filter);
int cmosquitto_unsubscribe(cmosquitto_connection *connection, const char *filter);
int cmosquitto_disconnect(cmosquitto_connection *connection, int reason);
/// shutdown(2): the peer sees the end of the connection without a DISCONNECT.
void cmosquitto_shutdown(cmosquitto_connection *connection);

/// The oldest event, or NULL. Freed with `cmosquitto_free_event`.
cmosquitto_event *cmosquitto_next_event(cmosquitto_connection *connection);
void cmosquitto_free_event(cmosquitto_connection *connection, cmosquitto_event *event);

/// While it is corked the kernel fills segments before it sends them, for at most 200 ms (tcp(7), TCP_CORK).
void cmosquitto_cork(int socket, bool is_corked);
/// Payload of TCP so far, from TCP_INFO; retransmissions are not counted. False: not known.
bool cmosquitto_tcp_bytes(int socket, uint64_t *sent, uint64_t *received);
