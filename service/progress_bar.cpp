#include "service/progress_bar.h"

#include <unistd.h>

#include <cstdio>

namespace warpscore {
namespace {

constexpr int kBarWidth = 30;

}  // namespace

ProgressBar::ProgressBar(std::string what) : what_(std::move(what)), terminal_(isatty(2) == 1) {}

ProgressBar::~ProgressBar() {
  if (terminal_ && drawn_ != Clock::time_point{}) std::fputs("\r\x1b[K", stderr);
}

double ProgressBar::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total, std::uint64_t rows) {
  if (!terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  const double elapsed = seconds();
  const double rate = elapsed > 0 ? static_cast<double>(rows) / elapsed : 0.0;
  if (total == 0 || done == 0) {
    std::fprintf(stderr, "\r\x1b[K%s  %llu rows  %.0f rows/s", what_.c_str(),
                 static_cast<unsigned long long>(rows), rate);
    return;
  }
  const double part = static_cast<double>(done) / static_cast<double>(total);
  const double left = elapsed / part - elapsed;
  std::string bar(kBarWidth, '.');
  for (int i = 0; i < static_cast<int>(part * kBarWidth) && i < kBarWidth; ++i) {
    bar[static_cast<std::size_t>(i)] = '#';
  }
  std::fprintf(stderr, "\r\x1b[K%s [%s] %3.0f %%  %.0f rows/s  %.0f s left", what_.c_str(),
               bar.c_str(), part * 100.0, rate, left);
}

}  // namespace warpscore
