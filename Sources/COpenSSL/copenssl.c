// See include/copenssl.h.
