// Words that many workers of one device change at once, host threads or GPU threads alike.
//
// Order    additions, maxima and bit operations are relaxed: their results must not depend on who
//          came first. load_acquire, store_release and the compare-and-swap order what lies behind
//          a published word.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#include <cuda/atomic>
#else
#include <atomic>
#endif

#include "base/host_device.h"

namespace warpscore {

#if defined(__CUDACC__)
template <class T>
using SharedWord = cuda::atomic_ref<T, cuda::thread_scope_device>;
namespace memory_order = cuda::std;
#else
template <class T>
using SharedWord = std::atomic_ref<T>;
namespace memory_order = std;
#endif

template <class T>
WARPSCORE_HD inline T shared_add(T& word, T amount) {
  return SharedWord<T>(word).fetch_add(amount, memory_order::memory_order_relaxed);
}
template <class T>
WARPSCORE_HD inline T shared_exchange(T& word, T value) {
  return SharedWord<T>(word).exchange(value, memory_order::memory_order_relaxed);
}
template <class T>
WARPSCORE_HD inline void shared_and(T& word, T bits) {
  SharedWord<T>(word).fetch_and(bits, memory_order::memory_order_relaxed);
}
template <class T>
WARPSCORE_HD inline void shared_or(T& word, T bits) {
  SharedWord<T>(word).fetch_or(bits, memory_order::memory_order_relaxed);
}
template <class T>
WARPSCORE_HD inline T shared_load(const T& word) {
  return SharedWord<T>(const_cast<T&>(word)).load(memory_order::memory_order_relaxed);
}
template <class T>
WARPSCORE_HD inline T load_acquire(const T& word) {
  return SharedWord<T>(const_cast<T&>(word)).load(memory_order::memory_order_acquire);
}
template <class T>
WARPSCORE_HD inline void store_release(T& word, T value) {
  SharedWord<T>(word).store(value, memory_order::memory_order_release);
}
// true: the word was `expected` and is `desired` now; else `expected` is what it was.
template <class T>
WARPSCORE_HD inline bool compare_and_swap(T& word, T& expected, T desired) {
  return SharedWord<T>(word).compare_exchange_strong(expected, desired,
                                                     memory_order::memory_order_acq_rel,
                                                     memory_order::memory_order_acquire);
}
template <class T>
WARPSCORE_HD inline void shared_max(T& word, T value) {
  T seen = shared_load(word);
  while (seen < value && !compare_and_swap(word, seen, value)) {
  }
}
template <class T>
WARPSCORE_HD inline void shared_min(T& word, T value) {
  T seen = shared_load(word);
  while (value < seen && !compare_and_swap(word, seen, value)) {
  }
}

}  // namespace warpscore
