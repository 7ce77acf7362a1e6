// WARPSCORE_HD marks what runs on the host and on the device, from one source.
//
// Rule    code that bears it uses integers, and of doubles only + - * / and square root, compiled
//         without contraction; no libm, no exceptions, no allocation, no virtual calls.
#pragma once

#if defined(__CUDACC__)
#define WARPSCORE_HD __host__ __device__
// A GPU hides latency by its many threads: no prefetch there.
#define WARPSCORE_PREFETCH(address) void(address)
// Before a template over a Team: the team it is instantiated with decides where it runs.
#define WARPSCORE_TEAM_CODE _Pragma("nv_exec_check_disable")
#else
#define WARPSCORE_HD
#define WARPSCORE_PREFETCH(address) __builtin_prefetch(address, 1)
#define WARPSCORE_TEAM_CODE
#endif
