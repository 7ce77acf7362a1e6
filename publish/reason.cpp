#include "publish/reason.h"

#include <charconv>
#include <cmath>

#include "base/nearest_name.h"
#include "publish/key_text.h"
#include "publish/value_text.h"

namespace warpscore {
namespace {

constexpr int kDigitsShown = 4;
constexpr double kFixedMax = 1e15;

// For reading, not for computing: at most four digits after the point.
void append_rounded(std::string& out, double value) {
  char buffer[kValueTextMax];
  char* end = buffer;
  if (!(std::fabs(value) < kFixedMax)) {
    end = write_double(buffer, value);
  } else {
    end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed,
                        kDigitsShown)
              .ptr;
    while (end[-1] == '0') --end;
    if (end[-1] == '.') --end;
    const bool nothing_left =
        std::string_view(buffer, static_cast<std::size_t>(end - buffer)).find_first_not_of("-0.") ==
        std::string_view::npos;
    if (nothing_left && value != 0) {
      end =
          std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::general, 3).ptr;
    } else if (nothing_left) {
      end = write_integer(buffer, 0);
    }
  }
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void append_time(std::string& out, std::int64_t time_ms) {
  char buffer[kValueTextMax];
  out.append(buffer, static_cast<std::size_t>(write_rfc3339(buffer, time_ms) - buffer));
}

void append_lane(std::string& out, const OutputShape& shape, ColumnType type, Lane lane) {
  if (is_missing(type.type, lane)) {
    out += "missing";
    return;
  }
  char buffer[kValueTextMax];
  switch (type.type) {
    case LaneType::kDouble:
      append_rounded(out, double_of(lane));
      return;
    case LaneType::kBool:
      out += lane != 0 ? "true" : "false";
      return;
    case LaneType::kEnum:
      out += shape.dictionary->text_of(lane);
      return;
    case LaneType::kTime:
      // A computed time may lie outside the calendar that write_rfc3339 knows.
      if (lane >= 0 && lane < 253402300800000) {
        append_time(out, lane);
        return;
      }
      break;
    default:
      break;
  }
  out.append(buffer, static_cast<std::size_t>(write_lane(buffer, type, lane) - buffer));
}

[[noreturn]] void fail(const Place& place, const std::string& message, const std::string& mend) {
  throw ConfigError(place, message, mend);
}

}  // namespace

ReasonTemplate::ReasonTemplate(std::string_view text, const OutputShape& shape,
                               const Place& place) {
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) parts_.push_back({Kind::kText, 0, std::exchange(literal, {})});
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '{' && c != '}') {
      literal += c;
    } else if (at + 1 < text.size() && text[at + 1] == c) {
      literal += c;
      ++at;
    } else if (c == '}') {
      fail(place, "the reason has a } that closes nothing", "write }} for a brace");
    } else {
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) {
        fail(place, "the reason has a { that is not closed", "write {{ for a brace");
      }
      end_literal();
      add_name(text.substr(at + 1, close - at - 1), shape, place);
      at = close;
    }
  }
  end_literal();
}

ReasonTemplate ReasonTemplate::literal(std::string_view text) {
  ReasonTemplate reason;
  reason.parts_.push_back({Kind::kText, 0, std::string(text)});
  return reason;
}

void ReasonTemplate::add_name(std::string_view name, const OutputShape& shape, const Place& place) {
  std::vector<std::string> names;
  const auto& fields = shape.schema->fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) {
      parts_.push_back({Kind::kField, i, ""});
      return;
    }
    names.push_back(fields[i].name);
  }
  for (std::uint32_t i = 0; i < shape.features.size(); ++i) {
    if (shape.features[i].name == name) {
      parts_.push_back({Kind::kFeature, i, ""});
      return;
    }
    names.push_back(shape.features[i].name);
  }
  constexpr std::pair<std::string_view, Kind> kOthers[] = {
      {"score", Kind::kScore}, {"margin", Kind::kMargin}, {"id", Kind::kId}, {"time", Kind::kTime}};
  for (const auto& [other, kind] : kOthers) {
    if (other == name) {
      parts_.push_back({kind, 0, ""});
      return;
    }
    names.emplace_back(other);
  }
  const std::string nearest = nearest_name(name, names);
  fail(place, "the reason names \"" + std::string(name) + "\", which is no field and no feature",
       nearest.empty() ? "" : "did you mean \"" + nearest + "\"?");
}

void ReasonTemplate::append(std::string& out, const OutputShape& shape, const Batch& batch,
                            const Results& results, std::uint32_t row) const {
  const auto append_double = [&](double value) {
    if (std::isnan(value)) {
      out += "missing";
    } else {
      append_rounded(out, value);
    }
  };
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kText:
        out += part.text;
        break;
      case Kind::kField: {
        const Field& field = shape.schema->fields[part.number];
        const Lane lane = batch.field(part.number, row);
        if (field.type == FieldType::kKey && lane != kMissing) {
          append_key_text(out, *shape.schema, batch, part.number, row);
        } else {
          append_lane(out, shape, field.column_type(), lane);
        }
        break;
      }
      case Kind::kFeature:
        append_lane(out, shape, shape.features[part.number].type,
                    results.features[part.number][row]);
        break;
      case Kind::kScore:
        append_double(results.score[row]);
        break;
      case Kind::kMargin:
        append_double(results.margin[row]);
        break;
      case Kind::kId:
        out += batch.id(row);
        break;
      case Kind::kTime:
        append_time(out, batch.time_ms(row));
        break;
    }
  }
}

}  // namespace warpscore
