#define _GNU_SOURCE
#include "wire.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct wire {
    int socket;
    SSL *tls;
    pid_t sender;
};

static void need(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "floor: %s\n", what);
    _exit(1);
}

// A key and a certificate for it that nobody vouches for: what they cost is measured, not whom they name.
static void identify(SSL_CTX *context) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate = X509_new();
    need(key && certificate, "no key");
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    need(X509_sign(certificate, key, NULL) > 0, "no certificate");
    need(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1, "no identity");
}

static int takes_any(int verified, X509_STORE_CTX *chain) {
    (void)verified, (void)chain;
    return 1;
}

// Both sides show a certificate, as two nodes do.
static SSL *secure(int socket, int is_server) {
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    need(context && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1, "no TLS 1.3");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, takes_any);
    identify(context);
    SSL *tls = SSL_new(context);
    need(tls && SSL_set_fd(tls, socket) == 1, "no TLS");
    need((is_server ? SSL_accept(tls) : SSL_connect(tls)) == 1, "the TLS handshake failed");
    return tls;
}

static void send_file(const char *file, struct sockaddr_in address) {
    static char bytes[1 << 18];
    int input = open(file, O_RDONLY), connection = socket(AF_INET, SOCK_STREAM, 0);
    need(input >= 0, "the events cannot be read");
    need(connect(connection, (struct sockaddr *)&address, sizeof address) == 0, "no connection");
    SSL *tls = secure(connection, 0);
    for (ssize_t held; (held = read(input, bytes, sizeof bytes)) > 0;) {
        need(SSL_write(tls, bytes, (int)held) == held, "the events cannot be sent");
    }
    SSL_shutdown(tls);
    need(SSL_read(tls, bytes, 2) == 2 && !memcmp(bytes, "ok", 2), "the receiver did not say ok");
    _exit(0);
}

struct wire *wire_from_sender(const char *file) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0, "nothing to listen on");
    need(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "no port");
    struct wire *wire = calloc(1, sizeof *wire);
    need(wire != NULL, "there is no memory");
    wire->sender = fork();
    need(wire->sender >= 0, "no process");
    if (wire->sender == 0) send_file(file, address);
    wire->socket = accept(listener, NULL, NULL);
    need(wire->socket >= 0, "nobody called");
    close(listener);
    wire->tls = secure(wire->socket, 1);
    return wire;
}

ssize_t wire_read(struct wire *wire, void *bytes, size_t most) {
    int got = SSL_read(wire->tls, bytes, (int)most);
    if (got > 0) return got;
    need(SSL_get_error(wire->tls, got) == SSL_ERROR_ZERO_RETURN, "the connection broke");
    return 0;
}

void wire_end(struct wire *wire, double *sender_cpu, long *sender_peak, long *sent) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    need(SSL_write(wire->tls, "ok", 2) == 2, "ok cannot be said");
    need(getsockopt(wire->socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0, "the kernel does not say what it carried");
    *sent = (long)info.tcpi_bytes_received;
    int status = 0;
    struct rusage used;
    need(wait4(wire->sender, &status, 0, &used) == wire->sender && status == 0, "the sender failed");
    *sender_cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    *sender_peak = used.ru_maxrss;
}
