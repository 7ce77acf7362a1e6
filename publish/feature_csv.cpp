#include "publish/feature_csv.h"

#include <cmath>
#include <cstring>

#include "base/check.h"
#include "publish/value_text.h"

namespace warpscore {
namespace {

constexpr std::size_t kBufferBytes = 2048;

bool needs_quotes(std::string_view text) {
  return text.find_first_of(",\"\r\n") != std::string_view::npos;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string csv_text(std::string_view text) {
  if (!needs_quotes(text)) return std::string(text);
  std::string out;
  append_quoted(out, text);
  return out;
}

// A line under construction: numbers go to a buffer of its own, one append per few dozen of them.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}
  ~Line() { flush(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  // Room for kValueTextMax bytes.
  char* room() {
    if (static_cast<std::size_t>(buffer_ + kBufferBytes - at_) < kValueTextMax) flush();
    return at_;
  }
  void wrote(char* end) { at_ = end; }
  void put(char c) {
    *room() = c;
    ++at_;
  }
  void put_raw(std::string_view text) {
    flush();
    out_ += text;
  }
  void put_text(std::string_view text) {
    if (needs_quotes(text)) {
      flush();
      append_quoted(out_, text);
    } else if (text.size() <= kValueTextMax) {
      std::memcpy(room(), text.data(), text.size());
      at_ += text.size();
    } else {
      put_raw(text);
    }
  }

 private:
  void flush() {
    out_.append(buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
  }

  std::string& out_;
  char buffer_[kBufferBytes];
  char* at_ = buffer_;
};

// names[i] of all i for which `chosen` holds, joined by ';', as one CSV cell.
template <class Chosen>
void put_names(Line& line, const std::vector<std::string>& names, const Chosen& chosen) {
  std::string joined;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (!chosen(i)) continue;
    if (!joined.empty()) joined += ';';
    joined += names[i];
  }
  if (!joined.empty()) line.put_text(joined);
}

}  // namespace

FeatureCsv::FeatureCsv(OutputShape shape) : shape_(std::move(shape)) {
  for (const FeatureColumn& feature : shape_.features) {
    // A fingerprint has no text: scoring/plan refuses such columns.
    WARPSCORE_CHECK(feature.type.type != LaneType::kKey);
    feature_names_.push_back(feature.name);
  }
  for (const Alert& alert : shape_.alerts) alert_names_.push_back(alert.name);
}

void FeatureCsv::append_header(std::string& out) const {
  out += csv_text(shape_.schema->id_source);
  for (const std::string& name : feature_names_) out += "," + csv_text(name);
  out += ",margin,score,rules";
  if (shape_.history_limited) out += ",truncated";
  out += '\n';
}

void FeatureCsv::append_row(std::string& out, const Batch& batch, const Results& results,
                            std::uint32_t row) const {
  Line line(out);
  line.put_text(batch.id(row));
  for (std::size_t i = 0; i < shape_.features.size(); ++i) {
    line.put(',');
    const ColumnType type = shape_.features[i].type;
    const Lane lane = results.features[i][row];
    if (is_missing(type.type, lane)) continue;
    if (type.type == LaneType::kEnum) {
      line.put_text(shape_.dictionary->text_of(lane));
    } else {
      line.wrote(write_lane(line.room(), type, lane));
    }
  }
  line.put(',');
  if (const double margin = results.margin[row]; !std::isnan(margin)) {
    char* const at = line.room();
    line.wrote(shape_.margin_is_float ? write_float(at, static_cast<float>(margin))
                                      : write_double(at, margin));
  }
  line.put(',');
  if (!std::isnan(results.score[row])) {
    line.wrote(write_double(line.room(), results.score[row]));
  }
  line.put(',');
  put_names(line, alert_names_, [&](std::uint32_t i) {
    return !shape_.alerts[i].shadow && results.alert_fired(i, row);
  });
  if (shape_.history_limited) {
    line.put(',');
    put_names(line, feature_names_, [&](std::uint32_t i) { return results.is_truncated(i, row); });
  }
  line.put('\n');
}

void FeatureCsv::append_rows(std::string& out, const Batch& batch, const Results& results) const {
  for (std::uint32_t row = 0; row < results.size; ++row) {
    if (results.refused == nullptr || results.refused[row] == 0) {
      append_row(out, batch, results, row);
    }
  }
}

}  // namespace warpscore
