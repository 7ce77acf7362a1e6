// An array in a queue's staging memory, which the device copies from and to.
//
// Owner    itself; the memory resource (the queue) outlives it.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <utility>

namespace warpscore {

template <class T>
class StagedArray {
 public:
  static_assert(std::is_trivially_destructible_v<T>);
  StagedArray() = default;
  StagedArray(std::pmr::memory_resource& memory, std::size_t size)
      : memory_(&memory),
        size_(size),
        items_(static_cast<T*>(memory.allocate(size * sizeof(T), alignof(std::max_align_t)))) {}
  ~StagedArray() {
    if (items_ != nullptr) {
      memory_->deallocate(items_, size_ * sizeof(T), alignof(std::max_align_t));
    }
  }
  StagedArray(StagedArray&& other) noexcept
      : memory_(other.memory_), size_(other.size_), items_(std::exchange(other.items_, nullptr)) {}
  StagedArray& operator=(StagedArray&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(items_, other.items_);
    return *this;
  }

  [[nodiscard]] T* data() const { return items_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * sizeof(T); }
  T* operator->() const { return items_; }
  T& operator[](std::size_t i) const { return items_[i]; }

 private:
  std::pmr::memory_resource* memory_ = nullptr;
  std::size_t size_ = 0;
  T* items_ = nullptr;
};

}  // namespace warpscore
