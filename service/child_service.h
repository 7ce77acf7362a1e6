// `warpscore run` as a child process: what the demo and the bench put to work.
//
// Thread  one. To be made before the owner has threads of its own that hold locks: it forks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warpscore {

// A folder with a configuration and, if given, a model beside it; gone with the object.
class ConfigFolder {
 public:
  ConfigFolder(std::string_view configuration, std::span<const std::byte> model);
  ~ConfigFolder();
  ConfigFolder(const ConfigFolder&) = delete;
  ConfigFolder& operator=(const ConfigFolder&) = delete;
  [[nodiscard]] std::string config() const { return path_ / "warpscore.toml"; }
  [[nodiscard]] std::string log() const { return path_ / "run.log"; }

 private:
  std::filesystem::path path_;
};

class ChildService {
 public:
  // `arguments` follow those of `run`. Its stderr goes to the file `log`. Throws
  // std::runtime_error.
  ChildService(const std::string& config, const std::string& log,
               const std::vector<std::string>& arguments);
  ~ChildService() { stop(); }
  ChildService(const ChildService&) = delete;
  ChildService& operator=(const ChildService&) = delete;

  // false, and its log on stderr, if it ended by itself.
  [[nodiscard]] bool runs();
  // Asks it to stop and waits for it.
  void stop();
  [[nodiscard]] int exit_code() const { return exit_code_; }
  // User and system time, known once it has stopped.
  [[nodiscard]] double cpu_seconds() const { return cpu_seconds_; }

 private:
  void note_end(int status);

  const std::string log_;
  pid_t pid_ = 0;
  int exit_code_ = 0;
  double cpu_seconds_ = 0;
};

}  // namespace warpscore
