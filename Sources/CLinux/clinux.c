// See include/clinux.h.
