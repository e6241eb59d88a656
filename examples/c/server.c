/*
 * A small HTTP/1.1 server with kallithea-rs inside: one thread per connection, one port.
 *
 *     kallithea-server ADDRESS PORT [INI]
 *
 * It shows all that a host has to do: make the application, turn a request into CGI variables, give the body in
 * blocks, take the answer in blocks, and end cleanly. For the open Internet put nginx in front of it, which
 * brings TLS and keeps slow clients away.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kallithea_rs.h"

enum {
    HEAD_MAX = 128 * 1024, /* Mercurial sends up to 64 KiB of headers. */
    FIELDS_MAX = 256,
    CHUNK_LINE_MAX = 1024,
    DRAIN_MAX = 16 * 1024 * 1024, /* What is read of a body that the application did not want. */
    CONNECTIONS_MAX = 256,
    IDLE_SECONDS = 60,  /* Between two requests. */
    BUSY_SECONDS = 600, /* Within one: git and hg think for a while in the middle of a push. */
};

enum framing { ENDED, BY_LENGTH, FIRST_CHUNK, NEXT_CHUNK };

struct connection {
    int socket;
    size_t slot;
    FILE *in, *out;
    char address[NI_MAXHOST];

    /* The request. */
    char head[HEAD_MAX];
    size_t head_len;
    KallitheaField fields[FIELDS_MAX];
    size_t field_count;
    bool http_1_0, keep_alive, is_head, expects_continue;
    enum framing framing;
    uint64_t left; /* Bytes of the body, or of the chunk that has begun. */

    /* The answer. */
    bool started, chunked;
};

static KallitheaApp *app;
static const char *server_address, *server_port;
static int stop_pipe[2];

/* The sockets of all connections, 0 where there is none. */
static int sockets[CONNECTIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_ended = PTHREAD_COND_INITIALIZER;

/* ---- the request ---- */

/* Reads a line into `line` without its CRLF; -1 when it is too long, not a line, or the client is gone. */
static long read_line(struct connection *c, char *line, size_t size)
{
    size_t length = 0;
    int byte;
    while ((byte = getc_unlocked(c->in)) != '\n') {
        if (byte == EOF || byte == '\0' || length + 1 >= size)
            return -1;
        line[length++] = (char)byte;
    }
    if (length == 0 || line[length - 1] != '\r' || memchr(line, '\r', length - 1))
        return -1;
    line[--length] = '\0';
    return (long)length;
}

static const KallitheaField *find(const struct connection *c, const char *name)
{
    for (size_t i = 0; i < c->field_count; i++)
        if (strlen(name) == c->fields[i].name_len && memcmp(name, c->fields[i].name, strlen(name)) == 0)
            return &c->fields[i];
    return NULL;
}

static bool value_is(const KallitheaField *field, const char *wanted)
{
    return field && field->value_len == strlen(wanted) && strncasecmp(field->value, wanted, field->value_len) == 0;
}

/* A variable that stands there already is refused: how to join two is a matter of each header. */
static bool add(struct connection *c, const char *name, const char *value, size_t value_len)
{
    if (c->field_count == FIELDS_MAX || find(c, name))
        return false;
    c->fields[c->field_count++] = (KallitheaField){name, strlen(name), value, value_len};
    return true;
}

/* Undoes percent codes in place; -1 when one is broken. */
static long decode(char *path)
{
    char *to = path;
    for (char *from = path; *from; from++, to++) {
        *to = *from;
        if (*from != '%')
            continue;
        if (!isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]))
            return -1;
        *to = (char)strtol((char[]){from[1], from[2], '\0'}, NULL, 16);
        from += 2;
    }
    return to - path;
}

static bool parse_request_line(struct connection *c, char *line)
{
    char *target = strchr(line, ' ');
    char *protocol = target ? strchr(target + 1, ' ') : NULL;
    if (!protocol || target[1] != '/')
        return false;
    *target++ = *protocol++ = '\0';
    c->http_1_0 = strcmp(protocol, "HTTP/1.0") == 0;
    if (!c->http_1_0 && strcmp(protocol, "HTTP/1.1") != 0)
        return false;
    c->is_head = strcmp(line, "HEAD") == 0;

    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    else
        query = "";
    long path_len = decode(target);
    return path_len > 0 && add(c, "REQUEST_METHOD", line, strlen(line)) && add(c, "SCRIPT_NAME", "", 0) &&
           add(c, "PATH_INFO", target, (size_t)path_len) && add(c, "QUERY_STRING", query, strlen(query)) &&
           add(c, "SERVER_PROTOCOL", protocol, strlen(protocol)) &&
           add(c, "SERVER_NAME", server_address, strlen(server_address)) &&
           add(c, "SERVER_PORT", server_port, strlen(server_port)) &&
           add(c, "REMOTE_ADDR", c->address, strlen(c->address));
}

/* `line` starts with "HTTP_", before the header itself. */
static bool parse_header(struct connection *c, char *line)
{
    char *end = line + strlen("HTTP_");
    bool usual = true;
    for (; *end && *end != ':'; end++) {
        if (!isgraph((unsigned char)*end))
            return false;
        usual = usual && (isalnum((unsigned char)*end) || *end == '-');
        *end = *end == '-' ? '_' : (char)toupper((unsigned char)*end);
    }
    if (*end != ':' || end == line + strlen("HTTP_"))
        return false;
    /* X_Forwarded_For would become the same variable as X-Forwarded-For, which a proxy has checked. */
    if (!usual)
        return true;
    *end++ = '\0';
    end += strspn(end, " \t");
    size_t length = strlen(end);
    while (length > 0 && strchr(" \t", end[length - 1]))
        length--;
    bool bare = strcmp(line, "HTTP_CONTENT_TYPE") == 0 || strcmp(line, "HTTP_CONTENT_LENGTH") == 0;
    return add(c, bare ? line + strlen("HTTP_") : line, end, length);
}

/* How the body ends. What a proxy might understand otherwise than we do is refused. */
static bool parse_framing(struct connection *c)
{
    const KallitheaField *length = find(c, "CONTENT_LENGTH"), *coding = find(c, "HTTP_TRANSFER_ENCODING");
    c->framing = ENDED;
    c->left = 0;
    if (coding) {
        c->framing = FIRST_CHUNK;
        return !length && !c->http_1_0 && value_is(coding, "chunked");
    }
    if (length) {
        c->framing = BY_LENGTH;
        for (size_t i = 0; i < length->value_len; i++) {
            if (!isdigit((unsigned char)length->value[i]))
                return false;
            c->left = c->left * 10 + (uint64_t)(length->value[i] - '0');
        }
        return length->value_len > 0 && length->value_len <= 18;
    }
    return true;
}

/* Reads a request up to its body: 0, a status that refuses it, or -1 when the client has nothing more to say. */
static int read_head(struct connection *c)
{
    c->field_count = c->head_len = 0;
    for (bool first = true;; first = false) {
        const size_t prefix = first ? 0 : strlen("HTTP_");
        if (c->head_len + prefix >= HEAD_MAX)
            return 400;
        char *line = c->head + c->head_len;
        memcpy(line, "HTTP_", prefix);
        const long length = read_line(c, line + prefix, HEAD_MAX - c->head_len - prefix);
        if (length < 0)
            return feof(c->in) || ferror(c->in) ? -1 : 400;
        c->head_len += prefix + (size_t)length + 1;
        if (!first && length == 0)
            break;
        if (!(first ? parse_request_line(c, line) : parse_header(c, line)))
            return 400;
    }
    if (!parse_framing(c))
        return 400;
    c->keep_alive = !c->http_1_0 && !value_is(find(c, "HTTP_CONNECTION"), "close");
    c->expects_continue = !c->http_1_0 && value_is(find(c, "HTTP_EXPECT"), "100-continue");
    return 0;
}

/* Reads the line before a chunk; before the end of the body also what follows the last chunk. */
static bool next_chunk(struct connection *c)
{
    char line[CHUNK_LINE_MAX];
    if (c->framing == NEXT_CHUNK && read_line(c, line, sizeof line) != 0)
        return false;
    if (read_line(c, line, sizeof line) <= 0)
        return false;
    /* Counted first, because strtoull would also take a sign or "0x". */
    const size_t digits = strspn(line, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 15 || !strchr("; \t", line[digits]))
        return false;
    c->left = strtoull(line, NULL, 16);
    c->framing = NEXT_CHUNK;
    if (c->left > 0)
        return true;
    c->framing = ENDED;
    for (int trailers = 0; trailers < 16; trailers++) {
        const long length = read_line(c, line, sizeof line);
        if (length <= 0)
            return length == 0;
    }
    return false;
}

/* ---- what the library calls ---- */

static ptrdiff_t on_read(void *context, uint8_t *buffer, size_t length)
{
    struct connection *c = context;
    if (c->expects_continue) {
        c->expects_continue = false;
        fputs("HTTP/1.1 100 Continue\r\n\r\n", c->out);
        if (fflush(c->out) != 0)
            return -1;
    }
    if (c->left == 0 && (c->framing == FIRST_CHUNK || c->framing == NEXT_CHUNK) && !next_chunk(c))
        return -1;
    if (c->left == 0)
        return 0;
    const size_t got = fread(buffer, 1, length < c->left ? length : (size_t)c->left, c->in);
    c->left -= got;
    return got > 0 ? (ptrdiff_t)got : -1;
}

static int on_start(void *context, uint16_t status, const KallitheaField *headers, size_t header_count)
{
    struct connection *c = context;
    char date[64];
    struct tm now;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&(time_t){time(NULL)}, &now));

    const bool bodyless = c->is_head || status == 204 || status == 304;
    bool has_length = false;
    fprintf(c->out, "HTTP/1.1 %u \r\nDate: %s\r\n", (unsigned)status, date);
    for (size_t i = 0; i < header_count; i++) {
        const KallitheaField *h = &headers[i];
        has_length |= h->name_len == 14 && strncasecmp(h->name, "content-length", 14) == 0;
        fprintf(c->out, "%.*s: ", (int)h->name_len, h->name);
        fwrite(h->value, 1, h->value_len, c->out);
        fputs("\r\n", c->out);
    }
    c->started = true;
    c->chunked = !bodyless && !has_length && !c->http_1_0;
    if (c->chunked)
        fputs("Transfer-Encoding: chunked\r\n", c->out);
    if (!c->keep_alive)
        fputs("Connection: close\r\n", c->out);
    fputs("\r\n", c->out);
    return ferror(c->out);
}

static int on_write(void *context, const uint8_t *bytes, size_t length)
{
    struct connection *c = context;
    if (c->chunked)
        fprintf(c->out, "%zx\r\n", length);
    fwrite(bytes, 1, length, c->out);
    if (c->chunked)
        fputs("\r\n", c->out);
    return fflush(c->out);
}

/* ---- the connection ---- */

static void set_patience(struct connection *c, int seconds)
{
    const struct timeval time = {.tv_sec = seconds};
    setsockopt(c->socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(c->socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

/* Makes `close` cut the connection, so that the client does not take a part for the whole. */
static void cut(struct connection *c)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void refuse(struct connection *c, int status)
{
    c->keep_alive = c->is_head = false;
    if (on_start(c, (uint16_t)status, &(KallitheaField){"content-length", 14, "0", 1}, 1) == 0)
        fflush(c->out);
}

/* A client that is still sending might not see the answer before it has sent everything. */
static bool drain(struct connection *c)
{
    uint8_t sink[16 * 1024];
    ptrdiff_t got = 1;
    for (size_t drained = 0; got > 0 && drained < DRAIN_MAX; drained += (size_t)got)
        got = on_read(c, sink, sizeof sink);
    return got == 0;
}

/* Answers one request; returns whether another one may follow. */
static bool serve_request(struct connection *c)
{
    c->started = c->chunked = false;
    set_patience(c, IDLE_SECONDS);
    const int refused = read_head(c);
    if (refused > 0)
        refuse(c, refused);
    if (refused)
        return false;
    set_patience(c, BUSY_SECONDS);

    const KallitheaRequest request = {
        .variables = c->fields,
        .variable_count = c->field_count,
        .body_terminated = true,
        .context = c,
        .read = on_read,
        .start = on_start,
        .write = on_write,
    };
    const KallitheaResult result = kallithea_handle(app, &request);
    if (result != KALLITHEA_RESULT_OK) {
        if (result != KALLITHEA_RESULT_CLIENT_GONE)
            warnx("%s: %s", c->address, kallithea_last_error());
        if (c->started)
            cut(c);
        else
            refuse(c, 500);
        return false;
    }
    if (c->chunked)
        fputs("0\r\n\r\n", c->out);
    if (fflush(c->out) != 0)
        return false;
    return !c->expects_continue && drain(c) && c->keep_alive;
}

static void *serve_connection(void *argument)
{
    struct connection *c = argument;
    while (serve_request(c))
        continue;
    fflush(c->out);

    /* Closed under the lock: `stop_connections` must not meet a number that means another file by now. */
    pthread_mutex_lock(&lock);
    fclose(c->in);
    fclose(c->out);
    sockets[c->slot] = 0;
    pthread_cond_signal(&one_ended);
    pthread_mutex_unlock(&lock);
    free(c);
    return NULL;
}

/* Finds a slot for the socket; `CONNECTIONS_MAX` when there is none. */
static size_t take_slot(int socket)
{
    size_t slot = 0;
    pthread_mutex_lock(&lock);
    while (slot < CONNECTIONS_MAX && sockets[slot])
        slot++;
    if (slot < CONNECTIONS_MAX)
        sockets[slot] = socket;
    pthread_mutex_unlock(&lock);
    return slot;
}

static void open_connection(int socket, const struct sockaddr *peer, socklen_t peer_len)
{
    struct connection *c = calloc(1, sizeof *c);
    const int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (!c || copy < 0 || (c->slot = take_slot(socket)) == CONNECTIONS_MAX) {
        warnx("too many connections");
        free(c);
        close(copy);
        close(socket);
        return;
    }
    c->socket = socket;
    c->in = fdopen(socket, "r");
    c->out = fdopen(copy, "w");
    getnameinfo(peer, peer_len, c->address, sizeof c->address, NULL, 0, NI_NUMERICHOST);
    pthread_t thread;
    if (!c->in || !c->out || (errno = pthread_create(&thread, NULL, serve_connection, c)) != 0)
        err(1, "starting a connection");
    pthread_detach(thread);
}

/* Hangs up on everybody, which ends the callbacks and with them the processes behind the answers. */
static void stop_connections(void)
{
    pthread_mutex_lock(&lock);
    for (size_t slot = 0; slot < CONNECTIONS_MAX; slot++)
        if (sockets[slot])
            shutdown(sockets[slot], SHUT_RDWR);
    for (size_t slot = 0; slot < CONNECTIONS_MAX; slot++)
        while (sockets[slot])
            pthread_cond_wait(&one_ended, &lock);
    pthread_mutex_unlock(&lock);
}

/* ---- the server ---- */

static int listen_at(const char *address, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    const int error = getaddrinfo(address, port, &wanted, &found);
    if (error)
        errx(1, "%s port %s: %s", address, port, gai_strerror(error));
    /* Close-on-exec here and at accept4: git and hg must not inherit our sockets. */
    const int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, 128) != 0)
        err(1, "%s port %s", address, port);
    freeaddrinfo(found);
    return listener;
}

static void on_signal(int number)
{
    const int before = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) != 1)
        _exit(1);
    errno = before;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s ADDRESS PORT [INI]\n", argv[0]);
        return 2;
    }
    server_address = argv[1];
    server_port = argv[2];
    app = kallithea_app_new(argc == 4 ? argv[3] : NULL);
    if (!app || kallithea_prepare(app) != KALLITHEA_RESULT_OK)
        errx(1, "%s", kallithea_last_error());

    const int listener = listen_at(server_address, server_port);
    if (pipe2(stop_pipe, O_CLOEXEC) != 0)
        err(1, "pipe");
    const struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    warnx("kallithea-rs %s on http://%s:%s/", kallithea_version(), server_address, server_port);

    struct pollfd ready[] = {{.fd = listener, .events = POLLIN}, {.fd = stop_pipe[0], .events = POLLIN}};
    while (ready[1].revents == 0) {
        if (poll(ready, 2, -1) < 0 || !(ready[0].revents & POLLIN))
            continue;
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        const int socket = accept4(listener, (struct sockaddr *)&peer, &peer_len, SOCK_CLOEXEC);
        if (socket >= 0)
            open_connection(socket, (struct sockaddr *)&peer, peer_len);
        else
            poll(NULL, 0, 50); /* Out of files, most likely: some will be closed soon. */
    }
    close(listener);
    stop_connections();
    kallithea_app_free(app);
    return 0;
}
