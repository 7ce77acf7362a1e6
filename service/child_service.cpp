#include "service/child_service.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "service/exit_codes.h"

namespace warpscore {

ConfigFolder::ConfigFolder(std::string_view configuration, std::span<const std::byte> model) {
  std::string pattern = std::filesystem::temp_directory_path() / "warpscore-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
  std::ofstream(path_ / "warpscore.toml") << configuration;
  if (model.empty()) return;
  std::ofstream(path_ / "model.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(model.data()),
             static_cast<std::streamsize>(model.size()));
}

ConfigFolder::~ConfigFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ChildService::ChildService(const std::string& config, const std::string& log,
                           const std::vector<std::string>& arguments)
    : log_(log) {
  std::vector<std::string> words = {"warpscore", "run", config};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot start warpscore run");
  if (pid_ != 0) return;
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, 2);
  execv("/proc/self/exe", argv.data());
  _exit(127);
}

void ChildService::note_end(int status) {
  pid_ = 0;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(kExitFailed);
}

bool ChildService::runs() {
  if (pid_ == 0) return false;
  int status = 0;
  rusage usage{};
  if (wait4(pid_, &status, WNOHANG, &usage) == 0) return true;
  note_end(status);
  std::ifstream log(log_);
  std::string line;
  while (std::getline(log, line)) std::fprintf(stderr, "%s\n", line.c_str());
  return false;
}

void ChildService::stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  int status = 0;
  rusage usage{};
  wait4(pid_, &status, 0, &usage);
  note_end(status);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  cpu_seconds_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace warpscore
