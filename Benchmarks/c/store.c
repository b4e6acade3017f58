// The same readings in other stores: what they write, and how fast they are read again.
//
//   store sqlite|lmdb|lines write PATH READINGS EACH INTERVAL_US    synced EACH at a time; 0 us: in a burst
//   store sqlite|lmdb|lines read PATH                               all of them, once
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    fprintf(stderr, "store: %s\n", what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

struct reading {
    int64_t instant;
    int32_t temperature, humidity;
};

// A thermometer's: two values that move a little.
static struct reading next_reading(void) {
    static struct reading r = {1000000000, 215, 0};
    static uint64_t state = 7;
    state = state * UINT64_C(6364136223846793005) + 1;
    r.temperature += (int32_t)((state >> 33) % 3) - 1;
    r.humidity = 526 + r.temperature / 8;
    r.instant += 1000000000;
    return r;
}

// MARK: SQLite, write-ahead log, each commit synced

static sqlite3 *database;
static sqlite3_stmt *insertion;

static void run(const char *sql) {
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK) die(error);
}

static void sqlite_open(const char *path) {
    if (sqlite3_open(path, &database) != SQLITE_OK) die("cannot open");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE IF NOT EXISTS readings (seq INTEGER PRIMARY KEY, instant INTEGER, sensor TEXT, temperature INTEGER, humidity INTEGER)");
    if (sqlite3_prepare_v2(database, "INSERT INTO readings VALUES (NULL, ?, 'air', ?, ?)", -1, &insertion, NULL)) die("prepare");
}

static void sqlite_batch(const struct reading *readings, int count) {
    run("BEGIN");
    for (int i = 0; i < count; i++) {
        sqlite3_bind_int64(insertion, 1, readings[i].instant);
        sqlite3_bind_int(insertion, 2, readings[i].temperature);
        sqlite3_bind_int(insertion, 3, readings[i].humidity);
        if (sqlite3_step(insertion) != SQLITE_DONE) die(sqlite3_errmsg(database));
        sqlite3_reset(insertion);
    }
    run("COMMIT");
}

static uint64_t sqlite_read(int64_t *sum) {
    sqlite3_stmt *selection;
    uint64_t count = 0;
    sqlite3_prepare_v2(database, "SELECT seq, instant, sensor, temperature, humidity FROM readings ORDER BY seq", -1, &selection, NULL);
    while (sqlite3_step(selection) == SQLITE_ROW) {
        *sum += sqlite3_column_int64(selection, 1) + sqlite3_column_int(selection, 3) + sqlite3_column_int(selection, 4);
        *sum += sqlite3_column_text(selection, 2)[0];
        count++;
    }
    return count;
}

// MARK: LMDB, each commit synced

static MDB_env *environment;
static MDB_dbi table;
static uint64_t next_key = 1;

static void lmdb_open(const char *path) {
    MDB_txn *transaction;
    if (mdb_env_create(&environment) || mdb_env_set_mapsize(environment, (size_t)1 << 30)) die("mdb_env_create");
    if (mdb_env_open(environment, path, MDB_NOSUBDIR, 0640)) die("mdb_env_open");
    mdb_txn_begin(environment, NULL, 0, &transaction);
    if (mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY, &table)) die("mdb_dbi_open");
    MDB_cursor *cursor;
    MDB_val key, value;
    // What another process has put in goes first.
    mdb_cursor_open(transaction, table, &cursor);
    if (mdb_cursor_get(cursor, &key, &value, MDB_LAST) == 0) {
        memcpy(&next_key, key.mv_data, sizeof next_key);
        next_key++;
    }
    mdb_cursor_close(cursor);
    mdb_txn_commit(transaction);
}

static void lmdb_batch(const struct reading *readings, int count) {
    MDB_txn *transaction;
    if (mdb_txn_begin(environment, NULL, 0, &transaction)) die("mdb_txn_begin");
    for (int i = 0; i < count; i++) {
        MDB_val key = {sizeof next_key, &next_key}, value = {sizeof readings[i], (void *)&readings[i]};
        if (mdb_put(transaction, table, &key, &value, MDB_APPEND)) die("mdb_put");
        next_key++;
    }
    if (mdb_txn_commit(transaction)) die("mdb_txn_commit");
}

static uint64_t lmdb_read(int64_t *sum) {
    MDB_txn *transaction;
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t count = 0;
    mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);
    mdb_cursor_open(transaction, table, &cursor);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        struct reading r;
        memcpy(&r, value.mv_data, sizeof r);
        *sum += r.instant + r.temperature + r.humidity;
        count++;
    }
    return count;
}

// MARK: JSON lines, fdatasync

static int lines = -1;

static void lines_open(const char *path) {
    lines = open(path, O_RDWR | O_CREAT | O_APPEND, 0640);
    if (lines < 0) die("cannot open");
}

static int line(char *text, const struct reading *r, uint64_t seq) {
    return sprintf(text,
        "{\"stream\":\"7f3a9c12\",\"seq\":%" PRIu64 ",\"instant\":%" PRId64 ",\"sensor\":\"air\",\"temperature\":%.1f,\"humidity\":%.1f}\n",
        seq, r->instant, r->temperature / 10.0, r->humidity / 10.0);
}

static void lines_batch(const struct reading *readings, int count) {
    char *text = malloc((size_t)count * 160);
    int length = 0;
    for (int i = 0; i < count; i++) length += line(text + length, &readings[i], next_key++);
    if (write(lines, text, (size_t)length) != length || fdatasync(lines)) die("write");
    free(text);
}

static uint64_t lines_read(int64_t *sum) {
    FILE *file = fdopen(lines, "r");
    char text[256];
    uint64_t count = 0;
    while (fgets(text, sizeof text, file)) {
        *sum += strtoll(strstr(text, "instant") + 9, NULL, 10);
        *sum += (int64_t)(strtod(strstr(text, "temperature") + 13, NULL) * 10) + (int64_t)(strtod(strstr(text, "humidity") + 10, NULL) * 10);
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    if (argc < 4) die("store sqlite|lmdb|lines write PATH READINGS EACH INTERVAL_US, or read PATH");
    struct {
        const char *name;
        void (*open)(const char *);
        void (*batch)(const struct reading *, int);
        uint64_t (*read)(int64_t *);
    } kinds[] = {
        {"sqlite", sqlite_open, sqlite_batch, sqlite_read},
        {"lmdb", lmdb_open, lmdb_batch, lmdb_read},
        {"lines", lines_open, lines_batch, lines_read},
    }, *kind = NULL;
    for (int i = 0; i < 3; i++) if (strcmp(argv[1], kinds[i].name) == 0) kind = &kinds[i];
    if (!kind) die("sqlite, lmdb or lines");
    kind->open(argv[3]);
    int64_t begun = now_ns();
    if (strcmp(argv[2], "read") == 0) {
        int64_t sum = 0;
        uint64_t count = kind->read(&sum);
        int64_t took = now_ns() - begun;
        printf("read %s readings=%" PRIu64 " nanoseconds_each=%" PRId64 " per_second=%.0f sum=%" PRId64 "\n", kind->name, count,
            count ? took / (int64_t)count : 0, count / (took / 1e9), sum);
        return 0;
    }
    if (argc < 7) die("write PATH READINGS EACH INTERVAL_US");
    int count = atoi(argv[4]), each = atoi(argv[5]), interval = atoi(argv[6]);
    struct reading *readings = calloc((size_t)each, sizeof *readings);
    for (int i = 0; i < count; i++) {
        readings[i % each] = next_reading();
        if (interval) {
            int64_t left = begun + (int64_t)(i + 1) * interval * 1000 - now_ns();
            if (left > 0) usleep((useconds_t)(left / 1000));
        }
        if (i % each == each - 1) kind->batch(readings, each);
    }
    printf("write %s readings=%d syncs=%d milliseconds=%" PRId64 "\n", kind->name, count, count / each, (now_ns() - begun) / 1000000);
    // As a power cut would end it: what SQLite does at a close is no part of it.
    _exit(fflush(stdout) != 0);
}
