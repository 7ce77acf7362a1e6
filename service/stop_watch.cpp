#include "service/stop_watch.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

namespace warpscore {

StopWatch::StopWatch(std::int64_t patience_ms) : patience_ms_(patience_ms) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
}

StopWatch::~StopWatch() {
  end_.store(true, std::memory_order_release);
  thread_.join();
  close(signals_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopWatch::run() {
  std::int64_t stopped_ms = 0;
  while (!end_.load(std::memory_order_acquire)) {
    constexpr int kTickMs = 50;
    pollfd entry{signals_, POLLIN, 0};
    signalfd_siginfo info{};
    const bool signalled =
        ::poll(&entry, 1, kTickMs) > 0 && ::read(signals_, &info, sizeof info) == sizeof info;
    if (signalled && stopped_ms == 0) {
      stopped_ms = steady_ms();
      log_info("asked to stop", {{"signal", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM"}});
      stop_.store(true, std::memory_order_release);
    }
    if (stopped_ms != 0 && steady_ms() - stopped_ms > patience_ms_)
      give_up_.store(true, std::memory_order_release);
  }
}

}  // namespace warpscore
