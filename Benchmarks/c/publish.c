// publish MODE PORT COUNT WINDOW BYTES|INTERVAL_US: what a C program on libmosquitto does, for scripts/bench.
//   drain: COUNT messages of BYTES at QoS 1, WINDOW of them unacknowledged at most; prints seconds and messages a second.
//   sample: COUNT readings, one each INTERVAL_US, formatted as JSON like a reading of godwitd and published at QoS 1; nothing is stored.
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long acknowledged;
static bool connected;

static void on_connect(struct mosquitto *m, void *user, int reason, int flags, const mosquitto_property *list) {
    (void)m, (void)user, (void)flags, (void)list;
    if (reason) exit(1);
    connected = true;
}
static void on_publish(struct mosquitto *m, void *user, int mid, int reason, const mosquitto_property *list) {
    (void)m, (void)user, (void)mid, (void)list;
    if (reason >= 0x80) exit(2);
    acknowledged++;
}
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
/// - Returns: how often the timer has fired.
static uint64_t turn(struct mosquitto *m, int timer) {
    struct pollfd p[2] = {{.fd = mosquitto_socket(m), .events = POLLIN | (mosquitto_want_write(m) ? POLLOUT : 0)},
                          {.fd = timer, .events = POLLIN}};
    uint64_t fired = 0;
    poll(p, timer < 0 ? 1 : 2, 1000);
    if (p[0].revents & POLLIN && mosquitto_loop_read(m, 1)) exit(3);
    if (p[0].revents & POLLOUT && mosquitto_loop_write(m, 1)) exit(4);
    if (timer >= 0 && p[1].revents & POLLIN && read(timer, &fired, 8) != 8) exit(7);
    return fired;
}
static void publish(struct mosquitto *m, long number, const char *topic, const char *payload, int length) {
    char text[24];
    mosquitto_property *list = NULL;
    snprintf(text, sizeof text, "%ld", number);
    mosquitto_property_add_byte(&list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
    mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "application/json");
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "stream", "7f3a9c12");
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "seq", text);
    if (mosquitto_publish_v5(m, NULL, topic, length, payload, 1, false, list)) exit(5);
    mosquitto_property_free_all(&list);
}
static int reading(char *text, size_t size, long number) {
    struct timespec t;
    struct tm tm;
    char when[32];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    return snprintf(text, size, "{\"stream\":\"7f3a9c12\",\"seq\":%ld,\"time\":\"%s.%03ldZ\",\"clock\":\"synced\",\"value\":%ld}",
                    number, when, t.tv_nsec / 1000000, number - 1);
}

int main(int count, char **argument) {
    if (count < 6) return 64;
    bool isDrain = !strcmp(argument[1], "drain");
    long messages = atol(argument[3]), window = atol(argument[4]);
    mosquitto_lib_init();
    struct mosquitto *m = mosquitto_new("godwit-bench-c", true, NULL);
    mosquitto_connect_v5_callback_set(m, on_connect);
    mosquitto_publish_v5_callback_set(m, on_publish);
    mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, (int)window);
    mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    if (mosquitto_connect(m, "127.0.0.1", atoi(argument[2]), 60)) return 6;
    while (!connected) turn(m, -1);
    static char text[65536];
    int last = atoi(argument[5]), timer = -1;
    memset(text, 'x', sizeof text);
    double begun = seconds();
    long sent = 0;
    if (isDrain) {
        for (; acknowledged < messages; turn(m, -1)) {
            while (sent < messages && sent - acknowledged < window) publish(m, ++sent, "godwit/bench/sensors/n", text, last);
        }
    } else {
        struct itimerspec every = {.it_interval = {last / 1000000, last % 1000000 * 1000}, .it_value = {0, 1000000}};
        timer = timerfd_create(CLOCK_MONOTONIC, 0);
        timerfd_settime(timer, 0, &every, NULL);
        while (acknowledged < messages) {
            for (uint64_t fired = turn(m, timer); fired > 0 && sent < messages && sent - acknowledged < window; fired--) {
                int length = reading(text, sizeof text, sent + 1);
                publish(m, ++sent, "godwit/bench/sensors/n", text, length);
            }
        }
    }
    double used = seconds() - begun;
    printf("seconds=%.3f per_second=%.0f\n", used, messages / used);
    mosquitto_disconnect(m);
    mosquitto_destroy(m);
    return 0;
}
