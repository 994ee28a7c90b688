/* What an x86-64 processor and its operating system allow: vectors of 32 and 64 bytes.
 *
 * Compilers have functions of their own for this, but not every compiler that is used here has them.
 */
#ifndef ACTNET_PROCESSOR_H
#define ACTNET_PROCESSOR_H

#ifdef __x86_64__

#include <cpuid.h>
#include <stdint.h>

/* Words of `cpuid` and of the register that says which vectors the operating system saves. */
enum {
  ACTNET_SAVES = 1 << 27,                                       /* leaf 1, ecx: OSXSAVE */
  ACTNET_AVX = 1 << 28,                                         /* leaf 1, ecx */
  ACTNET_AVX2 = 1 << 5,                                         /* leaf 7, ebx */
  ACTNET_AVX512 = 1 << 16 | 1 << 30,                            /* leaf 7, ebx: F and BW */
  ACTNET_OF_BYTES = 1 << 12 | 1 << 11,                          /* leaf 7, ecx: BITALG and VNNI */
  ACTNET_SAVES_32 = 1 << 1 | 1 << 2,                            /* SSE and AVX */
  ACTNET_SAVES_64 = ACTNET_SAVES_32 | 1 << 5 | 1 << 6 | 1 << 7, /* AVX-512 */
};

/* The widest vectors that are allowed, in bytes: those of 64 also count the bits of each byte, and multiply bytes. */
typedef enum { ACTNET_WIDTH_16 = 16, ACTNET_WIDTH_32 = 32, ACTNET_WIDTH_64 = 64 } ActnetWidth;

/* Tests and benchmarks compile with less, and so take each way that their processor has. */
#ifndef ACTNET_WIDEST
#define ACTNET_WIDEST ACTNET_WIDTH_64
#endif

static inline ActnetWidth actnet_asked_width(void) {
  uint32_t eax, ebx, ecx, edx, saved, high;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return ACTNET_WIDTH_16;
  if (!(ecx & ACTNET_SAVES) || !(ecx & ACTNET_AVX)) return ACTNET_WIDTH_16;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if ((saved & ACTNET_SAVES_32) != ACTNET_SAVES_32) return ACTNET_WIDTH_16;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & ACTNET_AVX2)) return ACTNET_WIDTH_16;
  const int wide = (ebx & ACTNET_AVX512) == ACTNET_AVX512 && (ecx & ACTNET_OF_BYTES) == ACTNET_OF_BYTES &&
                   (saved & ACTNET_SAVES_64) == ACTNET_SAVES_64;
  return wide ? ACTNET_WIDTH_64 : ACTNET_WIDTH_32;
}

/* A virtual machine takes long over `cpuid`, so each file asks once. Threads that ask at once write the same. */
static inline ActnetWidth actnet_width(void) {
  static int width;
  int known = __atomic_load_n(&width, __ATOMIC_RELAXED);
  if (known == 0) __atomic_store_n(&width, known = actnet_asked_width(), __ATOMIC_RELAXED);
  return known < ACTNET_WIDEST ? (ActnetWidth)known : ACTNET_WIDEST;
}

#endif

#endif
