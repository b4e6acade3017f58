#pragma once
// Our own SSL_CTX for MQTT over TLS: the peer is always verified, its name always checked, TLS 1.2 at least.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// What the check of the peer's certificate found; it must live as long as the context and all made of it.
typedef struct copenssl_report {
    /// Empty: nothing was found wrong.
    char text[600];
    char host[256];
    char ca_file[512];
} copenssl_report;

/// A client context that verifies `host` (a name or an address) against `ca_file` (PEM), or against the system's store
/// when it is NULL. NULL with the reason in the report.
SSL_CTX *copenssl_client_context(const char *host, const char *ca_file, copenssl_report *report);
