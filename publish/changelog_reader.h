// Reads the manifests of the changelog topic, read_committed, up to the last stable offset.
//
// Errors  throws KafkaError, also where Kafka no longer answers. ChangelogError: what stands there
// is
//         not an unbroken chain of ours; the process must not go on from it.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/kafka.h"
#include "publish/manifest.h"

namespace warpscore {

class ChangelogError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ChangelogPlace {
  KafkaSettings settings;
  std::string group;
  std::string topic;
};

// Calls `record` with each record from `offset` on (kOffsetBeginning: all) until it returns false
// or the last stable offset at the time of the call is reached. Returns that offset.
std::int64_t read_changelog(const ChangelogPlace& place, std::int64_t offset,
                            const std::function<bool(std::string_view)>& record);

// Where a chain of manifests stands.
struct ChainEnd {
  bool begun = false;
  Genesis genesis{};
  std::uint64_t term = 0;
  std::uint64_t sequence = 0;  // of the last one
  std::uint64_t hash = 0;      // of the last one
};

// Decodes a record and checks that it follows; moves `end` on. Throws ChangelogError.
void follow(ChainEnd& end, std::string_view record, const std::string& topic, Manifest& manifest);

}  // namespace warpscore
