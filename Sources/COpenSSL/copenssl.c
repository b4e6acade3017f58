// See include/copenssl.h.
#include "copenssl.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void append(char *text, size_t size, const char *part) {
    size_t used = strlen(text);
    if (used + 1 < size) snprintf(text + used, size - used, "%s", part);
}

/// A name out of a certificate goes into the log: nothing but printable ASCII is taken.
static void append_name(char *text, size_t size, const char *name, int length) {
    char clean[128];
    size_t used = 0;
    for (int i = 0; i < length && used + 1 < sizeof clean; i++) {
        unsigned char c = (unsigned char)name[i];
        clean[used++] = c > 32 && c < 127 ? (char)c : '?';
    }
    clean[used] = 0;
    append(text, size, clean);
}

static void append_time(char *text, size_t size, const ASN1_TIME *at) {
    struct tm parts;
    char formatted[40] = "?";
    if (at && ASN1_TIME_to_tm(at, &parts)) strftime(formatted, sizeof formatted, "%Y-%m-%d %H:%M UTC", &parts);
    append(text, size, formatted);
}

static void append_now(char *text, size_t size) {
    time_t now = time(NULL);
    struct tm parts;
    char formatted[40] = "?";
    if (gmtime_r(&now, &parts)) strftime(formatted, sizeof formatted, "%Y-%m-%d %H:%M UTC", &parts);
    append(text, size, formatted);
}

/// The names for which the certificate is made: subjectAltName, else the common name.
static void append_names(char *text, size_t size, X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int written = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && written < 8; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            if (written++) append(text, size, ", ");
            append_name(text, size, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                        ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            const unsigned char *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
            char address[64] = "an address";
            if (ASN1_STRING_length(name->d.iPAddress) == 4) {
                snprintf(address, sizeof address, "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2], bytes[3]);
            } else if (ASN1_STRING_length(name->d.iPAddress) == 16) {
                size_t used = 0;
                for (int k = 0; k < 16; k += 2) {
                    used += (size_t)snprintf(address + used, sizeof address - used, k ? ":%x" : "%x",
                                             bytes[k] << 8 | bytes[k + 1]);
                }
            }
            if (written++) append(text, size, ", ");
            append(text, size, address);
        }
    }
    GENERAL_NAMES_free(names);
    if (!written) {
        char common[128];
        int length =
            X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof common);
        if (length > 0) append_name(text, size, common, length);
        else append(text, size, "no name at all");
    }
}

static int verified(int is_good, X509_STORE_CTX *store) {
    if (is_good) return 1;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    copenssl_report *report = ssl ? SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) : NULL;
    if (!report || report->text[0]) return 0;
    char *text = report->text;
    size_t size = sizeof report->text;
    int error = X509_STORE_CTX_get_error(store);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        append(text, size, "wrong name: the certificate is for ");
        if (certificate) append_names(text, size, certificate);
        append(text, size, ", not for ");
        append(text, size, report->host);
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        append(text, size, "expired: the certificate ended at ");
        if (certificate) append_time(text, size, X509_get0_notAfter(certificate));
        append(text, size, "; the clock says ");
        append_now(text, size);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        append(text, size, "not yet valid: the clock says ");
        append_now(text, size);
        append(text, size, "; the certificate begins at ");
        if (certificate) append_time(text, size, X509_get0_notBefore(certificate));
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        append(text, size, "unknown CA: the broker's certificate is signed by none that ");
        append(text, size, report->ca_file[0] ? report->ca_file : "the system's store");
        append(text, size, " holds");
        break;
    default:
        append(text, size, "the broker's certificate was refused: ");
        append(text, size, X509_verify_cert_error_string(error));
    }
    return 0;
}

static int load_ca(SSL_CTX *context, const char *ca_file, copenssl_report *report) {
    if (!ca_file) {
        if (SSL_CTX_set_default_verify_paths(context) == 1) return 1;
        snprintf(report->text, sizeof report->text, "the system's store of certificates cannot be read");
        return 0;
    }
    FILE *file = fopen(ca_file, "re");
    if (!file) {
        snprintf(report->text, sizeof report->text, "ca_file %s: %s", ca_file, strerror(errno));
        return 0;
    }
    fclose(file);
    if (SSL_CTX_load_verify_file(context, ca_file) == 1) return 1;
    snprintf(report->text, sizeof report->text, "ca_file %s holds no certificate that can be read (PEM is wanted)",
             ca_file);
    return 0;
}

/// A key with a passphrase: OpenSSL would ask for it at the terminal.
static int no_passphrase(char *buffer, int size, int for_writing, void *user) {
    (void)buffer, (void)size, (void)for_writing, (void)user;
    return -1;
}

/// The client's certificate and its key, read anew at each attempt.
static int load_certificate(SSL_CTX *context, const copenssl_options *o, copenssl_report *report) {
    if (!o->certificate_file) return 1;
    const char *const files[2] = {o->certificate_file, o->private_key_file};
    const char *const names[2] = {"certificate_file", "private_key_file"};
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(files[i], "re");
        if (!file) {
            snprintf(report->text, sizeof report->text, "%s %s: %s", names[i], files[i], strerror(errno));
            return 0;
        }
        fclose(file);
    }
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, o->certificate_file) != 1) {
        snprintf(report->text, sizeof report->text,
                 "certificate_file %s holds no certificate that can be read (PEM is wanted)", o->certificate_file);
    } else if (SSL_CTX_use_PrivateKey_file(context, o->private_key_file, SSL_FILETYPE_PEM) != 1) {
        int reason = ERR_GET_REASON(ERR_peek_last_error());
        snprintf(report->text, sizeof report->text,
                 reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH
                     ? "private_key_file %s does not belong to the certificate"
                     : "private_key_file %s holds no key that can be read (PEM without a passphrase is wanted)",
                 o->private_key_file);
    } else if (SSL_CTX_check_private_key(context) != 1) {
        snprintf(report->text, sizeof report->text, "private_key_file %s does not belong to the certificate",
                 o->private_key_file);
    } else {
        return 1;
    }
    return 0;
}

static unsigned give_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_size, unsigned char *psk,
                         unsigned psk_size) {
    (void)hint;
    copenssl_report *report = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const copenssl_options *o = report->options;
    if (strlen(o->psk_identity) >= identity_size || o->psk_length > psk_size) return 0;
    snprintf(identity, identity_size, "%s", o->psk_identity);
    memcpy(psk, o->psk, o->psk_length);
    return (unsigned)o->psk_length;
}

/// Suites in which the key alone says who the broker is: those with RSA beside it take a certificate, and with the suites
/// of certificates allowed too, any certificate would do. TLS 1.3 has PSKs of another kind.
static int load_psk(SSL_CTX *context, copenssl_report *report) {
    SSL_CTX_set_psk_client_callback(context, give_psk);
    if (SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(context, "kECDHEPSK:kDHEPSK:kPSK:!eNULL:!LOW:!MEDIUM") == 1) {
        return 1;
    }
    snprintf(report->text, sizeof report->text, "OpenSSL has no suite for a PSK here");
    return 0;
}

SSL_CTX *copenssl_client_context(const char *host, const copenssl_options *options, copenssl_report *report) {
    memset(report, 0, sizeof *report);
    report->options = options;
    snprintf(report->host, sizeof report->host, "%s", host);
    if (options->ca_file) snprintf(report->ca_file, sizeof report->ca_file, "%s", options->ca_file);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        snprintf(report->text, sizeof report->text, "OpenSSL has no memory for a context");
        return NULL;
    }
    SSL_CTX_set_app_data(context, report);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // A partial write may be continued from another buffer: the library keeps its packets where they are, but moves on.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verified);
    X509_VERIFY_PARAM *check = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ERR_clear_error();
    if (X509_VERIFY_PARAM_set1_ip_asc(check, host) != 1 && X509_VERIFY_PARAM_set1_host(check, host, 0) != 1) {
        snprintf(report->text, sizeof report->text, "a certificate cannot be checked against this host name");
    } else if (options->psk_length > 0 ? load_psk(context, report)
                                       : load_ca(context, options->ca_file, report) &&
                                             load_certificate(context, options, report)) {
        ERR_clear_error();
        return context;
    }
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

copenssl_options *copenssl_copy(const copenssl_options *options) {
    copenssl_options *copy = calloc(1, sizeof *copy);
    if (!copy) return NULL;
    memcpy(copy->psk, options->psk, sizeof copy->psk);
    copy->psk_length = options->psk_length;
    const char *const from[] = {options->ca_file, options->certificate_file, options->private_key_file,
                                options->psk_identity};
    const char **const to[] = {&copy->ca_file, &copy->certificate_file, &copy->private_key_file, &copy->psk_identity};
    for (int i = 0; i < 4; i++) {
        if (from[i] && !(*to[i] = strdup(from[i]))) {
            copenssl_free(copy);
            return NULL;
        }
    }
    return copy;
}

void copenssl_free(copenssl_options *options) {
    if (!options) return;
    free((char *)options->ca_file);
    free((char *)options->certificate_file);
    free((char *)options->private_key_file);
    free((char *)options->psk_identity);
    OPENSSL_cleanse(options->psk, sizeof options->psk);
    free(options);
}
