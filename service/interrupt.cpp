#include "service/interrupt.h"

#include <csignal>

namespace warpscore {
namespace {

volatile std::sig_atomic_t caught = 0;

void on_signal(int /*number*/) { caught = 1; }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return caught != 0; }

}  // namespace warpscore
