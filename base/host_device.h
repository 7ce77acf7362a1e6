// WARPSCORE_HD marks what runs on the host and on the device, from one source.
//
// Rule    code that bears it uses integers, and of doubles only + - * / and square root, compiled
//         without contraction; no libm, no exceptions, no allocation, no virtual calls.
#pragma once

#if defined(__CUDACC__)
#define WARPSCORE_HD __host__ __device__
// A GPU hides latency by its many threads: no prefetch there.
#define WARPSCORE_PREFETCH(address) void(address)
#else
#define WARPSCORE_HD
#define WARPSCORE_PREFETCH(address) __builtin_prefetch(address, 1)
#endif
