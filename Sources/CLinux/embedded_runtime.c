// What the runtime of Embedded Swift 6.3.1 gets wrong on 64-bit ARM.
//
// The compiler takes swift_bridgeObjectRetain and swift_bridgeObjectRetain_n to return the object that they are given, and on
// ARM, where argument and result share a register, goes on with the result. The runtime's own return it without the bits that
// are no part of the address, and with them goes what a short String keeps there: "lamp" becomes a pointer to nowhere.
// Those are weak; these take their place.

#if defined(GODWIT_EMBEDDED) && defined(__aarch64__)

#include <stdint.h>

void *swift_retain(void *object);
void *swift_retain_n(void *object, uint32_t count);
void *swift_bridgeObjectRetain(void *object);
void *swift_bridgeObjectRetain_n(void *object, uint32_t count);

// As in the runtime: the address is in bits 3 to 59; with bit 63 set the object is counted by nobody.
static void *counted(void *object) {
    uintptr_t bits = (uintptr_t)object;
    return bits >> 63 ? 0 : (void *)(bits & UINT64_C(0x0FFFFFFFFFFFFFF8));
}

void *swift_bridgeObjectRetain(void *object) {
    swift_retain(counted(object));
    return object;
}

void *swift_bridgeObjectRetain_n(void *object, uint32_t count) {
    swift_retain_n(counted(object), count);
    return object;
}

#endif
