// The floor: what these bytes cost with as little as possible around them. Raw SQLite, small integer keys, pages of 8 KiB, a commit that
// is durable, and SHA-256 of what is stored. It reads the events that the benchmark wrote: an envelope and a body, each a line.
//   floor append LINES DATABASE BATCH [MOST]   one durable commit for each BATCH events
//   floor asked LINES DATABASE                 the same for each line of its input, one event each, and says when it began and ended
//   floor catchup LINES DATABASE BATCH         one durable commit for each BATCH, of lines that another process sends over TLS
//   floor chain DATABASE                       reads all, hashes all, checks each chain
//   floor json DATABASE                        reads all, and lets SQLite take two fields out of each envelope
//   floor chart DATABASE                       reads the rows of the largest chart
// Prints one JSON object. Whatever does not hold ends it with exit code 1 and the number of the event.
#define _GNU_SOURCE
#include "wire.h"
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { HASH = 32, TEXT = 43, NAMES = 1 << 17, LONGEST = 1 << 19 };

static void stop(const char *what, long event) {
    fprintf(stderr, "floor: %s, event %ld\n", what, event);
    exit(1);
}

static void must(sqlite3 *db, int got, int wanted) {
    if (got == wanted) return;
    fprintf(stderr, "floor: SQLite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void run(sqlite3 *db, const char *sql) { must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK); }

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    must(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

static long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static double seconds(void) { return (double)nanoseconds() / 1e9; }

// Base64url without padding, as hashes are written.
static void write_hash(const unsigned char hash[HASH], char text[TEXT]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned long bits = 0;
    int held = 0, at = 0;
    for (int index = 0; index < HASH; index++) {
        bits = (bits << 8) | hash[index];
        for (held += 8; held >= 6;) text[at++] = digits[(bits >> (held -= 6)) & 63];
    }
    text[at] = digits[(bits << (6 - held)) & 63];
}

// A small integer for each name, in the order in which they are met.
struct names {
    char *name[NAMES];
    long number[NAMES];
    long count;
};

static long number_of(struct names *names, const char *text, size_t length) {
    unsigned long slot = 5381;
    for (size_t index = 0; index < length; index++) slot = slot * 33 ^ (unsigned char)text[index];
    for (slot %= NAMES; names->name[slot]; slot = (slot + 1) % NAMES) {
        if (strncmp(names->name[slot], text, length) == 0 && names->name[slot][length] == 0) return names->number[slot];
    }
    if (names->count > NAMES / 2) stop("too many names", names->count);
    names->name[slot] = strndup(text, length);
    return names->number[slot] = ++names->count;
}

static struct names charts, origins, chains;
static char (*last)[TEXT];

struct event {
    long chart, origin, seq;
    unsigned char hash[HASH];
};

// What stands between `key` and the next `end`.
static const char *field(const char *line, size_t length, const char *key, char end, size_t *found, long event) {
    const char *begin = memmem(line, length, key, strlen(key));
    if (!begin) stop("a field is missing", event);
    begin += strlen(key);
    const char *after = memchr(begin, end, (size_t)(line + length - begin));
    if (!after) stop("a field has no end", event);
    *found = (size_t)(after - begin);
    return begin;
}

// Hashes both lines, and holds them against the chain and against each other.
static struct event check(const char *line, size_t length, const char *body, size_t body_length, long number) {
    struct event event;
    size_t chart_length, origin_length, found;
    const char *chart = field(line, length, "\"chart\":\"", '"', &chart_length, number);
    const char *origin = field(line, length, "\"origin\":\"", '"', &origin_length, number);
    event.chart = number_of(&charts, chart, chart_length);
    event.origin = number_of(&origins, origin, origin_length);
    event.seq = atol(field(line, length, "\"seq\":", ',', &found, number));
    char key[32];
    long chain = number_of(&chains, key, (size_t)snprintf(key, sizeof key, "%ld.%ld", event.chart, event.origin));
    const char *prev = memmem(line, length, "\"prev\":\"", 8);
    if (event.seq > 1 && (!prev || memcmp(prev + 8, last[chain], TEXT))) stop("the chain is broken", number);
    unsigned char body_hash[HASH];
    char text[TEXT];
    SHA256((const unsigned char *)body, body_length, body_hash);
    write_hash(body_hash, text);
    const char *named = field(line, length, "\"body\":\"", '"', &found, number);
    if (found != TEXT || memcmp(named, text, TEXT)) stop("the body is another", number);
    SHA256((const unsigned char *)line, length, event.hash);
    write_hash(event.hash, last[chain]);
    return event;
}

static sqlite3 *open_database(const char *path, int *synchronous) {
    sqlite3 *db = NULL;
    must(db, sqlite3_open(path, &db), SQLITE_OK);
    run(db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000");
    sqlite3_stmt *asked = prepare(db, "PRAGMA synchronous");
    must(db, sqlite3_step(asked), SQLITE_ROW);
    *synchronous = sqlite3_column_int(asked, 0);
    sqlite3_finalize(asked);
    return db;
}

static long read_line(FILE *file, char *line) {
    if (!fgets(line, LONGEST, file)) return -1;
    size_t length = strlen(line);
    if (length == 0 || line[length - 1] != '\n') stop("a line has no end", -1);
    return (long)length - 1;
}

// Both lines of an event, read before they are timed.
struct lines {
    char *line, *body;
    size_t length, body_length;
};

static char *keep(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (!copy) stop("there is no memory", 0);
    return memcpy(copy, text, length + 1);
}

static long read_batch(FILE *file, struct lines *batch, long most) {
    static char line[LONGEST];
    long count = 0;
    for (long length; count < most && (length = read_line(file, line)) >= 0; count++) {
        batch[count].length = (size_t)length;
        batch[count].line = keep(line, (size_t)length);
        if ((length = read_line(file, line)) < 0) stop("the last body is missing", count + 1);
        batch[count].body_length = (size_t)length;
        batch[count].body = keep(line, (size_t)length);
    }
    return count;
}

static sqlite3_stmt *prepare_insert(sqlite3 *db) {
    run(db, "CREATE TABLE event (id INTEGER PRIMARY KEY, chart INTEGER NOT NULL, origin INTEGER NOT NULL, seq INTEGER NOT NULL,"
            " envelope BLOB NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (chart, origin, seq))");
    return prepare(db, "INSERT INTO event (chart, origin, seq, envelope, body, hash) VALUES (?, ?, ?, ?, ?, ?)");
}

static void insert(sqlite3 *db, sqlite3_stmt *statement, const struct lines *lines, long number) {
    struct event event = check(lines->line, lines->length, lines->body, lines->body_length, number);
    sqlite3_bind_int64(statement, 1, event.chart);
    sqlite3_bind_int64(statement, 2, event.origin);
    sqlite3_bind_int64(statement, 3, event.seq);
    sqlite3_bind_blob(statement, 4, lines->line, (int)lines->length, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 5, lines->body, (int)lines->body_length, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, event.hash, HASH, SQLITE_STATIC);
    must(db, sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
}

static long append(sqlite3 *db, const char *path, long batch, long most, double *took) {
    FILE *file = fopen(path, "r");
    struct lines *events = calloc((size_t)batch, sizeof *events);
    if (!file || !events) stop("the events cannot be read", 0);
    sqlite3_stmt *statement = prepare_insert(db);
    long count = 0;
    for (long held; (held = read_batch(file, events, batch < most - count ? batch : most - count)) > 0; count += held) {
        double began = seconds();
        run(db, "BEGIN IMMEDIATE");
        for (long index = 0; index < held; index++) insert(db, statement, &events[index], count + index + 1);
        run(db, "COMMIT");
        *took += seconds() - began;
        for (long index = 0; index < held; index++) {
            free(events[index].line);
            free(events[index].body);
        }
    }
    sqlite3_finalize(statement);
    free(events);
    fclose(file);
    return count;
}

// One durable commit whenever it is asked for one: by a process that sleeps in between, as a node does.
static void answer(sqlite3 *db, const char *path, int synchronous) {
    FILE *file = fopen(path, "r");
    if (!file) stop("the events cannot be read", 0);
    sqlite3_stmt *statement = prepare_insert(db);
    struct lines event;
    char asked[16];
    long count = 0;
    printf("{\"synchronous\":%d}\n", synchronous);
    for (fflush(stdout); fgets(asked, sizeof asked, stdin); fflush(stdout)) {
        if (!read_batch(file, &event, 1)) stop("there are no more events", count);
        long began = nanoseconds();
        run(db, "BEGIN IMMEDIATE");
        insert(db, statement, &event, ++count);
        run(db, "COMMIT");
        printf("{\"began\":%ld,\"ended\":%ld}\n", began, nanoseconds());
        free(event.line);
        free(event.body);
    }
    sqlite3_finalize(statement);
    fclose(file);
}

// The other end of a connection: stores each event as its two lines are there, and commits each `batch` of them.
static long receive(sqlite3 *db, struct wire *wire, long batch) {
    static char bytes[2 * LONGEST];
    sqlite3_stmt *statement = prepare_insert(db);
    size_t held = 0;
    long count = 0;
    run(db, "BEGIN IMMEDIATE");
    for (ssize_t got; (got = wire_read(wire, bytes + held, sizeof bytes - held)) > 0;) {
        held += (size_t)got;
        const char *at = bytes, *line_end, *body_end;
        while ((line_end = memchr(at, '\n', (size_t)(bytes + held - at)))
               && (body_end = memchr(line_end + 1, '\n', (size_t)(bytes + held - line_end - 1)))) {
            struct lines lines = {(char *)at, (char *)line_end + 1, (size_t)(line_end - at), (size_t)(body_end - line_end - 1)};
            insert(db, statement, &lines, ++count);
            if (count % batch == 0) run(db, "COMMIT; BEGIN IMMEDIATE");
            at = body_end + 1;
        }
        held -= (size_t)(at - bytes);
        memmove(bytes, at, held);
    }
    if (held) stop("the last line has no end", count + 1);
    run(db, "COMMIT");
    sqlite3_finalize(statement);
    return count;
}

static long replay(sqlite3 *db, const char *what) {
    int is_chain = !strcmp(what, "chain");
    sqlite3_stmt *rows = prepare(
        db, is_chain ? "SELECT envelope, body, hash FROM event ORDER BY id"
            : !strcmp(what, "json")
            ? "SELECT json_extract(line, '$.kind'), json_extract(line, '$.at') FROM (SELECT CAST(envelope AS TEXT) AS line FROM event ORDER BY id)"
            : "SELECT envelope, body FROM event WHERE chart = (SELECT chart FROM event GROUP BY chart ORDER BY count(*) DESC LIMIT 1) ORDER BY id");
    long count = 0;
    unsigned long sum = 0;
    for (int got; (got = sqlite3_step(rows)) != SQLITE_DONE; count++) {
        must(db, got, SQLITE_ROW);
        const char *first = sqlite3_column_blob(rows, 0), *second = sqlite3_column_blob(rows, 1);
        size_t length = (size_t)sqlite3_column_bytes(rows, 0), other = (size_t)sqlite3_column_bytes(rows, 1);
        if (is_chain) {
            struct event event = check(first, length, second, other, count + 1);
            if (memcmp(event.hash, sqlite3_column_blob(rows, 2), HASH)) stop("the stored hash is another", count + 1);
        }
        if (length && other) sum += (unsigned char)first[length - 1] + (unsigned char)second[0];
    }
    if (sum == 0) stop("there is nothing", count);
    sqlite3_finalize(rows);
    return count;
}

int main(int count, char **arguments) {
    last = calloc(NAMES, TEXT);
    int is_append = count >= 5 && !strcmp(arguments[1], "append"), is_catchup = count == 5 && !strcmp(arguments[1], "catchup");
    int is_asked = count == 4 && !strcmp(arguments[1], "asked");
    if (!last || (!is_append && !is_catchup && !is_asked && count != 3)) {
        stop("append LINES DATABASE BATCH [MOST] | asked LINES DATABASE | catchup LINES DATABASE BATCH | chain, json or chart DATABASE", 0);
    }
    int synchronous = 0;
    double began = seconds(), took = 0, sender_cpu = 0;
    long sender_peak = 0, sent = 0;
    // Before the database is open: a process that is copied must not hold one.
    struct wire *wire = is_catchup ? wire_from_sender(arguments[2]) : NULL;
    sqlite3 *db = open_database(arguments[count == 3 ? 2 : 3], &synchronous);
    if (is_asked) {
        answer(db, arguments[2], synchronous);
        must(db, sqlite3_close(db), SQLITE_OK);
        return 0;
    }
    if (count == 3) began = seconds();
    long events = is_append ? append(db, arguments[2], atol(arguments[4]), count > 5 ? atol(arguments[5]) : 1L << 40, &took)
        : is_catchup        ? receive(db, wire, atol(arguments[4]))
                            : replay(db, arguments[1]);
    if (is_catchup) wire_end(wire, &sender_cpu, &sender_peak, &sent);
    if (!is_append) took = seconds() - began;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"cpu\":%.4f,\"events\":%ld,\"seconds\":%.6f,\"synchronous\":%d,\"peakKiB\":%ld", cpu, events, took, synchronous,
           used.ru_maxrss);
    if (is_catchup) printf(",\"senderCpu\":%.4f,\"senderPeakKiB\":%ld,\"wireBytes\":%ld", sender_cpu, sender_peak, sent);
    printf("}\n");
    must(db, sqlite3_close(db), SQLITE_OK);
    return 0;
}
