// See include/cmosquitto.h.
