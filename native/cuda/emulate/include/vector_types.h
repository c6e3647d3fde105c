/* vector_types.h — CUDA's small structs: float4 and its relatives, dim3.
 *
 * Sizes and alignments are CUDA's, because kernels load 16 bytes at once through them.
 */
#ifndef TD_EMU_VECTOR_TYPES_H
#define TD_EMU_VECTOR_TYPES_H

#define TD_EMU_VECTORS(name, type, align4)                                                         \
    struct name##1 { type x; };                                                                    \
    struct alignas(2 * sizeof(type)) name##2 { type x, y; };                                       \
    struct name##3 { type x, y, z; };                                                              \
    struct alignas(align4) name##4 { type x, y, z, w; };                                           \
    inline name##1 make_##name##1(type x) { return {x}; }                                          \
    inline name##2 make_##name##2(type x, type y) { return {x, y}; }                               \
    inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }                    \
    inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

TD_EMU_VECTORS(char, signed char, 4)
TD_EMU_VECTORS(uchar, unsigned char, 4)
TD_EMU_VECTORS(short, short, 8)
TD_EMU_VECTORS(ushort, unsigned short, 8)
TD_EMU_VECTORS(int, int, 16)
TD_EMU_VECTORS(uint, unsigned, 16)
TD_EMU_VECTORS(longlong, long long, 16)
TD_EMU_VECTORS(ulonglong, unsigned long long, 16)
TD_EMU_VECTORS(float, float, 16)
TD_EMU_VECTORS(double, double, 16)
#undef TD_EMU_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};

#endif
