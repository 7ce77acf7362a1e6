#include "scoring/model_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "scoring/document.h"
#include "scoring/sha256.h"
#include "scoring/xgboost.h"

namespace warpscore {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;  // on disk and unpacked
constexpr std::size_t kVersionDigits = 12;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

struct Inflater {
  Inflater() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
  z_stream stream{};
};

// All members of a gzip file, one after the other, in pieces: take(bytes).
template <class Take>
void inflate_all(std::span<const std::byte> packed, const Take& take) {
  constexpr std::size_t kPieceBytes = 64 * 1024;
  Inflater inflater;
  z_stream& stream = inflater.stream;
  // zlib takes a writable pointer, and does not write; sizes are below 2^32 by kFileBytesMax.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::array<std::byte, kPieceBytes> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = piece.size() - stream.avail_out;
    take(std::span<const std::byte>(piece.data(), made));
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return;
      if (inflateReset(&stream) == Z_OK) continue;
    }
    if (status != Z_OK || (made == 0 && stream.avail_in == 0)) {
      throw DocumentError("", "the gzip data is damaged or ends too early; copy the file again");
    }
  }
}

// Unpacked twice: a file that would not fit is refused before memory is taken for it.
std::vector<std::byte> gunzip(std::span<const std::byte> packed) {
  std::size_t size = 0;
  inflate_all(packed, [&](std::span<const std::byte> piece) {
    size += piece.size();
    if (size > kFileBytesMax) {
      throw DocumentError("", "unpacks to more than 1 GiB; no model that this program takes does");
    }
  });
  std::vector<std::byte> unpacked;
  unpacked.reserve(size);
  inflate_all(packed, [&](std::span<const std::byte> piece) {
    unpacked.insert(unpacked.end(), piece.begin(), piece.end());
  });
  return unpacked;
}

// UBJSON keys begin with a length, JSON keys with a quote.
bool is_json(std::string_view text) {
  const std::size_t brace = text.find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || text[brace] != '{') return false;
  if (brace != 0) return true;
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  return next == std::string_view::npos || next != 1 || text[1] == '"' || text[1] == '}';
}

Model forest_model(XgboostModel&& read) {
  Model model;
  model.kind = ModelKind::kForest;
  model.feature_count = read.feature_count;
  model.tree_count = static_cast<std::uint32_t>(read.roots.size());
  model.feature_names = std::move(read.feature_names);
  model.forest.emplace(std::move(read.nodes), std::move(read.roots), read.feature_count,
                       read.base_margin);
  return model;
}

Model logistic_model(const Value& document) {
  Model model;
  model.kind = ModelKind::kLogistic;
  model.logistic = read_logistic(document, model.feature_names);
  model.feature_count = static_cast<std::uint32_t>(model.logistic->coef.size());
  return model;
}

Model read_model(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  if (is_json(text)) {
    if (json_has_member(text, "learner")) {
      return forest_model(read_xgboost(parse_json(text, NumberWidth::kFloat32, kXgboostSkip)));
    }
    if (json_has_member(text, "coef")) {
      return logistic_model(parse_json(text, NumberWidth::kFloat64, {}));
    }
    throw DocumentError("",
                        "is JSON but no model: it has neither \"learner\" (XGBoost) nor "
                        "\"coef\" (logistic regression)");
  }
  if (!text.empty() && text[0] == '{') {
    return forest_model(read_xgboost(parse_ubjson(bytes, kXgboostSkip)));
  }
  throw DocumentError("",
                      "is neither JSON nor UBJSON; save it with XGBoost's "
                      "save_model(\"model.json\")");
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::is_regular_file(status)) {
    throw DocumentError("", "is no readable file; check model.path and its permissions");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kFileBytesMax) {
    throw DocumentError("", "is larger than 1 GiB; no model that this program takes is");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!stream) {
    throw DocumentError(
        "", std::string("cannot be read (") + std::strerror(errno) + "); check its permissions");
  }
  return bytes;
}

Model parse(std::span<const std::byte> bytes) {
  Model model;
  if (is_gzip(bytes)) {
    model = read_model(gunzip(bytes));
  } else {
    model = read_model(bytes);
  }
  model.version = sha256_hex(bytes).substr(0, kVersionDigits) + "-" +
                  (model.kind == ModelKind::kForest ? std::to_string(model.tree_count) : "lr");
  return model;
}

}  // namespace

Model load_model(const std::filesystem::path& path) {
  try {
    return parse(read_file(path));
  } catch (const DocumentError& error) {
    throw ModelError(path.string() + ": " + error.what());
  }
}

Model parse_model(std::span<const std::byte> bytes, std::string_view name) {
  try {
    if (bytes.size() > kFileBytesMax) {
      throw DocumentError("", "is larger than 1 GiB; no model that this program takes is");
    }
    return parse(bytes);
  } catch (const DocumentError& error) {
    throw ModelError(std::string(name) + ": " + error.what());
  }
}

}  // namespace warpscore
