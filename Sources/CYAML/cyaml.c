// See include/cyaml.h.
