// Where generated payments go: a file (gzipped if its name ends in .gz), stdout, or a Kafka topic.
//
// Order   payments arrive in the order of their calls; flush makes all of them visible to readers.
// Errors  a call gives false once nothing more can be written; error() then says why. The makers
//         throw std::runtime_error, and KafkaError where a broker is involved.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace warpscore {

class PaymentSink {
 public:
  virtual ~PaymentSink() = default;
  // `line` ends with a line feed.
  [[nodiscard]] virtual bool write(std::uint32_t customer, std::string_view line) = 0;
  [[nodiscard]] virtual bool flush() = 0;
  [[nodiscard]] virtual bool close() = 0;  // flushes, too
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] const std::string& error() const { return error_; }

 protected:
  std::string error_;
};

[[nodiscard]] std::unique_ptr<PaymentSink> make_file_sink(const std::string& path);  // "-": stdout
[[nodiscard]] std::unique_ptr<PaymentSink> make_kafka_sink(const std::string& servers,
                                                           const std::string& topic);

}  // namespace warpscore
