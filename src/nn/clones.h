/* clones - one C function, compiled for several instruction sets, the best chosen when the program starts.
 * Flow:  [nn/clones] marks the elementwise loops of nn/: static functions all, because clang names clones so that
 *   other files cannot call them
 * Invariants: the copies give the same bits: no fused multiply-add (the project's -ffp-contract=off), and loops are
 *   written so that each lane's sum has a fixed order, whatever the vector width. */
#ifndef NN_CLONES_H
#define NN_CLONES_H
#include <limits.h> /* __GLIBC__ comes with any header of the C library: musl has no ifunc */

/* The choice is made before ThreadSanitizer's own start, which the chooser would call into. */
#if defined(__SANITIZE_THREAD__)
#define NN_ONE_COPY 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NN_ONE_COPY 1
#endif
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(NN_ONE_COPY)
#define NN_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define NN_CLONES
#endif
#define NN_INLINE static inline __attribute__((always_inline))

#endif
