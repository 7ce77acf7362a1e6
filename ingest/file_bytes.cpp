#include "ingest/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace warpscore {
namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib's way of saying: gzip, largest window

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw std::runtime_error(name + ": " + what);
}

}  // namespace

FileBytes::FileBytes(const std::string& path)
    : name_(path == "-" ? "standard input" : path),
      input_(std::make_unique_for_overwrite<char[]>(kInputBytes)) {
  if (path == "-") {
    file_ = STDIN_FILENO;
  } else {
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) fail(name_, std::string("cannot be opened: ") + std::strerror(errno));
    owns_file_ = true;
  }
  struct stat status {};
  if (fstat(file_, &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      if (owns_file_) close(file_);
      fail(name_, "is a directory");
    }
    if (S_ISREG(status.st_mode)) bytes_total_ = static_cast<std::uint64_t>(status.st_size);
  }
  try {
    while (!ended_ && input_end_ < 2) fill();  // a pipe may give one byte at first
  } catch (...) {
    if (owns_file_) close(file_);
    throw;
  }
  gzip_ = input_end_ >= 2 && input_[0] == '\x1f' && input_[1] == '\x8b';
  if (gzip_ && inflateInit2(&stream_, kGzipWindow) != Z_OK) {
    if (owns_file_) close(file_);
    fail(name_, "no memory to decompress it");
  }
}

FileBytes::~FileBytes() {
  if (gzip_) inflateEnd(&stream_);
  if (owns_file_) close(file_);
}

std::size_t FileBytes::read_raw(char* target, std::size_t bytes) {
  for (;;) {
    const ssize_t got = ::read(file_, target, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name_, std::string("cannot be read: ") + std::strerror(errno));
    ended_ = got == 0;
    bytes_read_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
}

void FileBytes::fill() {
  if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
  input_end_ += read_raw(input_.get() + input_end_, kInputBytes - input_end_);
}

std::size_t FileBytes::read(char* target, std::size_t bytes) {
  if (bytes == 0) return 0;
  if (gzip_) return inflate_some(target, bytes);
  if (input_begin_ < input_end_) {  // what was read to look for gzip
    const std::size_t size = std::min(bytes, input_end_ - input_begin_);
    std::memcpy(target, input_.get() + input_begin_, size);
    input_begin_ += size;
    return size;
  }
  return ended_ ? 0 : read_raw(target, bytes);
}

std::size_t FileBytes::inflate_some(char* target, std::size_t bytes) {
  stream_.next_out = reinterpret_cast<Bytef*>(target);
  stream_.avail_out = static_cast<uInt>(bytes);
  while (stream_.avail_out == bytes) {  // nothing given yet
    if (input_begin_ == input_end_ && !ended_) fill();
    if (input_begin_ == input_end_) {
      if (inside_member_) fail(name_, "the gzip data ends too early: the file is cut off");
      return 0;
    }
    if (!inside_member_) {
      // gzip(1) and tar pad with zeros behind the last member; anything else is damage.
      if (had_member_ && input_[input_begin_] == '\0') {
        ++input_begin_;
        continue;
      }
      inflateReset(&stream_);
      inside_member_ = had_member_ = true;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(input_.get() + input_begin_);
    stream_.avail_in = static_cast<uInt>(input_end_ - input_begin_);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    input_begin_ = input_end_ - stream_.avail_in;
    if (result == Z_STREAM_END) {
      inside_member_ = false;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      fail(name_, std::string("the gzip data is damaged") +
                      (stream_.msg != nullptr ? std::string(": ") + stream_.msg : ""));
    }
  }
  return bytes - stream_.avail_out;
}

}  // namespace warpscore
