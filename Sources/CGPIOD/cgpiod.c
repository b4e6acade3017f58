// See include/cgpiod.h.
