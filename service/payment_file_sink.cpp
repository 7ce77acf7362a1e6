#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "service/payment_sink.h"

namespace warpscore {
namespace {

constexpr std::size_t kBufferBytes = 1 << 18;

// zlib writes plain files as well (mode T), so that there is one way for all three.
class FileSink : public PaymentSink {
 public:
  explicit FileSink(const std::string& path) : path_(path) {
    // Level 1: at 6 the compressor would set the pace.
    const char* const mode = path.ends_with(".gz") ? "wb1" : "wbT";
    // The descriptor of stdout stays open when ours is closed.
    file_ = path == "-" ? gzdopen(dup(STDOUT_FILENO), "wbT") : gzopen(path.c_str(), mode);
    if (file_ == nullptr)
      throw std::runtime_error(name() + " cannot be written: " + std::strerror(errno));
    buffer_.reserve(kBufferBytes + 1024);
  }
  ~FileSink() override {
    if (file_ != nullptr) gzclose(file_);
  }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  bool write(std::uint32_t, std::string_view line) override {
    buffer_ += line;
    return buffer_.size() < kBufferBytes || hand_over();
  }

  // gzflush would end a block of the compressor each time; readers of a .gz wait for its end
  // anyhow.
  bool flush() override {
    if (!hand_over()) return false;
    if (path_.ends_with(".gz")) return true;
    return gzflush(file_, Z_SYNC_FLUSH) == Z_OK || fail();
  }

  bool close() override {
    if (!hand_over()) return false;
    const int status = gzclose(file_);
    file_ = nullptr;
    if (status != Z_OK) error_ = name() + " cannot be written: " + std::strerror(errno);
    return status == Z_OK;
  }

  [[nodiscard]] std::string name() const override { return path_ == "-" ? "stdout" : path_; }

 private:
  [[nodiscard]] bool hand_over() {
    if (buffer_.empty()) return true;
    const int size = static_cast<int>(buffer_.size());
    if (gzwrite(file_, buffer_.data(), static_cast<unsigned>(size)) != size) return fail();
    buffer_.clear();
    return true;
  }

  bool fail() {
    int status = 0;
    const char* const text = gzerror(file_, &status);
    error_ = name() + " cannot be written: " + (status == Z_ERRNO ? std::strerror(errno) : text);
    return false;
  }

  const std::string path_;
  gzFile file_ = nullptr;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<PaymentSink> make_file_sink(const std::string& path) {
  return std::make_unique<FileSink>(path);
}

}  // namespace warpscore
