// What the standard library of Embedded Swift asks about Unicode when it compares and hashes texts, in place of 35 kB of tables:
// no scalar has a combining class, a decomposition or a composition. Texts are then equal when their bytes are, as topics
// are to a broker (MQTT 5.0, 4.7.3: no normalization) and names of lines and chips to the kernel.

#if defined(GODWIT_EMBEDDED)

#include <stdint.h>

uint16_t _swift_stdlib_getNormData(uint32_t scalar);
uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar);
uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second);
extern const uint8_t *const _swift_stdlib_nfd_decompositions;

const uint8_t *const _swift_stdlib_nfd_decompositions = 0;

uint16_t _swift_stdlib_getNormData(uint32_t scalar) {
    (void)scalar;
    return 0;
}

uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar) {
    (void)scalar;
    return UINT32_MAX;
}

uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second) {
    (void)first;
    (void)second;
    return UINT32_MAX;
}

#endif
