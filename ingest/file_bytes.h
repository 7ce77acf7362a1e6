// The bytes of a file or of standard input, decompressed if they are gzip (one member or many).
//
// Errors  std::runtime_error with a sentence that names the file.
// Thread  used by one thread.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace warpscore {

class FileBytes {
 public:
  explicit FileBytes(const std::string& path);  // "-": standard input
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  // Up to `bytes` of them (as many as are there at once); 0 at the end.
  [[nodiscard]] std::size_t read(char* target, std::size_t bytes);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }    // compressed
  [[nodiscard]] std::uint64_t bytes_total() const { return bytes_total_; }  // 0: not known

 private:
  std::size_t read_raw(char* target, std::size_t bytes);
  void fill();  // more compressed bytes behind those that are there
  std::size_t inflate_some(char* target, std::size_t bytes);

  std::string name_;
  int file_ = -1;
  bool owns_file_ = false;
  bool gzip_ = false;
  bool ended_ = false;          // of the raw bytes
  bool inside_member_ = false;  // of the gzip file
  bool had_member_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_total_ = 0;
  std::unique_ptr<char[]> input_;  // compressed, or the first bytes of a plain file
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  z_stream stream_{};
};

}  // namespace warpscore
