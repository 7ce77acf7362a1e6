// device_failed: the last words of a process whose device failed.
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>

#include "kernels/queue.h"

namespace warpscore {
namespace {

iovec part(const char* text) { return {const_cast<char*>(text), std::strlen(text)}; }

}  // namespace

// No allocation, no lock, no destructor: any may wait for a thread that waits for the device.
void device_failed(int exit_code, const char* what, const char* kernel, std::uint64_t batch) {
  std::array<char, 24> digits{};
  std::to_chars(digits.data(), digits.data() + digits.size() - 1, batch);
  const std::array<iovec, 7> line = {part("warpscore: the device failed: "),
                                     part(what),
                                     part("; kernel "),
                                     part(kernel),
                                     part(", batch "),
                                     part(digits.data()),
                                     part(", of which nothing was committed\n")};
  [[maybe_unused]] const ssize_t written =
      ::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size()));
  ::_exit(exit_code);
}

}  // namespace warpscore
