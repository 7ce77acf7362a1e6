// Any bytes as a file: CSV by even first bytes, JSON lines by odd ones, plain or gzip. It is read
// to its end or refused with a sentence, and every batch size gives the same rows.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "base/check.h"
#include "ingest/file_reader.h"
#include "tests/ingest/decode_support.h"

namespace {

using namespace warpscore;

// What the file holds: ids of rows and reasons of rejects, or the sentence of the error.
std::string read(const std::string& path, FileFormat format, std::uint32_t capacity) {
  static const Schema schema = every_type_schema();
  Dictionary dictionary(100);
  std::string out;
  std::string rejects;
  try {
    FileReader reader(path, format, schema, dictionary);
    Batch batch(schema, capacity, kFileTextBytesMin, *std::pmr::new_delete_resource());
    while (batch.clear(), reader.next(batch)) {
      for (std::uint32_t row = 0; row < batch.size(); ++row) {
        (out += batch.id(row)) += std::to_string(batch.source(row).offset) + "\n";
      }
      for (const Reject& reject : batch.rejects()) {
        rejects += std::to_string(reject.source.offset) + reject.detail + "\n";
      }
    }
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return out + rejects;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int file = memfd_create("fuzz", MFD_CLOEXEC);
  WARPSCORE_CHECK(file >= 0 && write(file, data + 1, size - 1) == static_cast<ssize_t>(size - 1));
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const FileFormat format = data[0] % 2 == 0 ? FileFormat::kCsv : FileFormat::kJsonLines;
  WARPSCORE_CHECK(read(path, format, 64) == read(path, format, 1));
  close(file);
  return 0;
}
