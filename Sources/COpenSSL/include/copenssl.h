#pragma once
// Our own SSL_CTX for MQTT over TLS: the peer is always verified, its name always checked, TLS 1.2 at least.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct copenssl_options;

/// What the check of the peer's certificate found; it must live as long as the context and all made of it.
typedef struct copenssl_report {
    /// Empty: nothing was found wrong.
    char text[600];
    char host[256];
    char ca_file[512];
    const struct copenssl_options *options;
} copenssl_report;

enum { COPENSSL_PSK_LIMIT = 64 };

typedef struct copenssl_options {
    /// PEM. NULL: the system's store.
    const char *ca_file;
    /// PEM; NULL: the client shows no certificate.
    const char *certificate_file, *private_key_file;
    /// With `psk_length` > 0 in place of all certificates.
    const char *psk_identity;
    unsigned char psk[COPENSSL_PSK_LIMIT];
    size_t psk_length;
} copenssl_options;

/// A copy with texts of its own; NULL: no memory.
copenssl_options *copenssl_copy(const copenssl_options *options);
/// Of such a copy, or NULL; the key is wiped.
void copenssl_free(copenssl_options *options);

/// A client context that verifies `host` (a name or an address) against `ca_file`, or against the system's store
/// when it is NULL; with a PSK one that takes no certificate at all. NULL with the reason in the report.
/// - `options` must live as long as the context and all made of it.
SSL_CTX *copenssl_client_context(const char *host, const copenssl_options *options, copenssl_report *report);
