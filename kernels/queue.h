// A device's work and memory, as passes see them: the Queue and Team that they are templates over.
//
// A Queue takes work in order and does it later: kernels/queue_cuda.cuh on a GPU, and
// tests/support/thread_queue.h on host threads, with which every kernel runs, and is held against
// the oracle, where there is no GPU. What a Queue offers:
//
//   std::pmr::memory_resource& staging_memory();   pinned; the staged side of every copy lies in it
//   std::byte* device_memory(std::size_t bytes);   zeroed; start-up only; freed with the queue.
//                                                  Throws DeviceError with the sum asked for
//   std::size_t device_memory_free();              bytes that device_memory could still give
//   std::size_t shared_bytes_max();                of a team here; at most kSharedBytesMax
//   void begin(std::uint64_t batch);               what follows belongs to this batch (for faults)
//   void copy_in(void* device, const void* staged, std::size_t bytes);
//   void copied_in();                              kernels from here on see what was copied in
//   void zero(void* device, std::size_t bytes);    in the order of the kernels
//   void each(const char* name, std::uint32_t count, const Task& task);
//                                                  task(i) for every i < count, in any order
//   void teams(const char* name, std::uint32_t count, const Task& task);
//                                                  task(team, number) for `count` teams
//   void whole_team(const char* name, const Task& task);
//                                                  task(team): one team of all that the device has
//   void sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits);
//                                                  by key, stable; 1 <= key_bits <= 32, and count
//                                                  at most the rows_max of the queue's constructor
//   void computed();                               copies out from here on see what was computed
//   void copy_out(void* staged, const void* device, std::size_t bytes);
//   void copy_out_columns(void* staged, const void* device, std::size_t bytes_each,
//                         std::size_t pitch, std::uint32_t columns);
//                                                  bytes_each of each column; columns begin `pitch`
//                                                  bytes after one another, on both sides
//   Fence fence();                                 passes when all work queued so far is done
//   bool passed(Fence fence);  void wait(Fence fence);
//
// Order    kernels run one after another in the order queued. copy_in and copy_out run beside the
//          kernels of other batches; copied_in() and computed() tie them to this one's.
// Task     a plain struct of pointers and numbers with a const WARPSCORE_HD operator(), of at most
//          kTaskBytesMax bytes; it is copied to the device. Its name is a literal, and is kept. A
//          count of 0 queues nothing.
//          For teams the operator() is a template over the Team, Task::kThreads says how many
//          workers a team has, and shared_bytes(), called on the host, how much fast memory it
//          wants at team.shared_memory() (of teams() only; at most shared_bytes_max()).
// Memory   nothing allocates after start-up.
// Thread   one thread drives a queue.
// Errors   a device error, or a batch that takes longer than kBatchPatienceMs, ends the process at
//          once (device_failed): nothing of it was committed, and the standby is the handler.
//
// A Team is workers that share one piece of work and meet after every step of it:
//
//   team.each(count, f);      f(i) for every i < count, in any order; then all meet
//   team.leader(f);           f() by one worker; then all meet
//   team.shared_memory()      std::byte*, aligned to 16, the team's own, of no particular content
//   team.agree(word)          the value of a word that a step wrote, the same for every worker: no
//                             worker goes on to change it before all have read it
//
// Steps of one team see each other's writes to memory; two teams share nothing but atomics. Every
// worker runs the whole task: what stands outside of the steps is done by each of them, so it
// changes locals only, and all must come to the same steps (branch on agreed values).
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace warpscore {

enum class Device : std::uint8_t { kCpu, kCuda };
enum class Fence : std::uint64_t {};

// A stable sort of `count` pairs by the low bits of their keys. The result is in keys_out and
// values_out; the inputs are scratch afterwards. All in device memory.
struct SortPairs {
  std::uint32_t* keys_in = nullptr;
  std::uint32_t* keys_out = nullptr;
  std::uint32_t* values_in = nullptr;
  std::uint32_t* values_out = nullptr;
};

inline constexpr std::size_t kSharedBytesMax = 200U << 10;  // an H100's block may have 227 KiB
inline constexpr std::size_t kTaskBytesMax = 4000;          // a kernel's arguments may have 4 KiB

inline constexpr std::int64_t kBatchPatienceMs = 2000;

// There is no such device, or it has too little memory: a sentence for the operator.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Exit codes of device_failed: the service manager restarts both (reliability: D6).
inline constexpr int kExitDeviceError = 70;
inline constexpr int kExitDeviceHung = 71;

// Ends the process within milliseconds: one line with the code, the kernel that began last and the
// batch, then _exit without destructors. Nothing of that batch was committed (device_fault.cpp).
[[noreturn]] void device_failed(int exit_code, const char* what, const char* kernel,
                                std::uint64_t batch);

}  // namespace warpscore
