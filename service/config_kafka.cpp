// [kafka]: librdkafka's properties pass through, but for those whose change loses or doubles data.
#include <algorithm>
#include <array>
#include <charconv>

#include "service/config_parts.h"

namespace warpscore {
namespace {

struct GuardedProperty {
  std::string_view name;     // ends in "." for all that begin so
  std::string_view allowed;  // the only values that change nothing, "|" between; "" for none
  std::string_view reason;
  std::string_view mend;
};

constexpr std::string_view kLeaveOut = "leave it out";

constexpr std::array<GuardedProperty, 23> kGuarded = {{
    {"bootstrap.servers", "", "the brokers are named once", "use kafka.bootstrap_servers"},
    {"metadata.broker.list", "", "the brokers are named once", "use kafka.bootstrap_servers"},
    {"group.id", "", "the group is named once", "use input.group"},
    {"group.instance.id", "", "partitions are assigned by hand, not by the group", kLeaveOut},
    {"auto.offset.reset", "error",
     "positions come from the manifest: any other value would skip or repeat transactions without "
     "a word",
     kLeaveOut},
    {"check.crcs", "true", "a damaged batch would be scored", kLeaveOut},
    {"enable.auto.commit", "false",
     "offsets are committed with the scores they belong to, never ahead of them", kLeaveOut},
    {"auto.commit.enable", "false",
     "offsets are committed with the scores they belong to, never ahead of them", kLeaveOut},
    {"enable.auto.offset.store", "false",
     "offsets are committed with the scores they belong to, never ahead of them", kLeaveOut},
    {"isolation.level", "read_committed", "transactions that were never committed would be scored",
     kLeaveOut},
    {"transactional.id", "", "it is the lock of the active host", "use ha.name"},
    {"enable.idempotence", "true", "a retry could write a score twice", kLeaveOut},
    {"enable.gapless.guarantee", "true", "a lost score would not stop those after it", kLeaveOut},
    {"acks", "all|-1", "a score could be lost with one broker", kLeaveOut},
    {"request.required.acks", "all|-1", "a score could be lost with one broker", kLeaveOut},
    {"queuing.strategy", "fifo", "scores would leave in another order than they were made",
     kLeaveOut},
    {"delivery.report.only.error", "false", "every delivery is counted", kLeaveOut},
    {"allow.auto.create.topics", "false",
     "a topic with a mistyped name would be made with the broker's defaults", kLeaveOut},
    {"socket.nagle.disable", "true", "every commit would wait for the network's timer", kLeaveOut},
    {"enable.partition.eof", "", "the reader sets it as it needs", kLeaveOut},
    {"offset.store.method", "broker", "offsets of its own file would disagree with the manifest",
     kLeaveOut},
    {"offset.store.path", "", "offsets of its own file would disagree with the manifest",
     kLeaveOut},
    {"test.mock.", "", "the mock broker keeps nothing", "use a real broker"},
}};

bool is_secret(std::string_view name) {
  return name.find("password") != std::string_view::npos ||
         name.find("secret") != std::string_view::npos || name == "ssl.key.pem" ||
         name == "sasl.oauthbearer.config";
}

const GuardedProperty* find_guarded(const KafkaProperty& property) {
  for (const GuardedProperty& guarded : kGuarded) {
    const bool same = guarded.name.ends_with('.') ? property.name.starts_with(guarded.name)
                                                  : property.name == guarded.name;
    if (!same) continue;
    std::string_view rest = guarded.allowed;
    while (!rest.empty()) {
      const std::size_t bar = rest.find('|');
      if (rest.substr(0, bar) == property.value) return nullptr;
      rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
    }
    return &guarded;
  }
  return nullptr;
}

class PropertyReader {
 public:
  PropertyReader(PartSource source, std::vector<KafkaProperty>& properties)
      : source_(source), properties_(properties) {}

  // Names without quotes make tables of tables (sasl.password: { sasl: { password } }): joined
  // again.
  void read_table(const Node& table, const std::string& prefix) {
    for (const Node& item : table.items) {
      const std::string name = prefix + item.name;
      Node value = item;
      if (value.kind == Node::Kind::kTable &&
          !resolve_reference(value, source_.folder, source_.findings)) {
        read_table(item, name + ".");
        continue;
      }
      read_value(value, name);
    }
  }

 private:
  void read_value(const Node& value, const std::string& name) {
    Findings& findings = source_.findings;
    if (value.kind == Node::Kind::kInvalid) return;
    if (value.kind == Node::Kind::kArray || value.kind == Node::Kind::kTime ||
        (value.kind == Node::Kind::kFloat && value.text.empty()))
      return findings.error(
          value.place,
          "must be text, a number, true or false, not " + std::string(name_of(value.kind)),
          "put it in quotes, as librdkafka writes it");
    KafkaProperty property{name, value.text, is_secret(name), value.place};
    if (const GuardedProperty* guarded = find_guarded(property))
      return findings.error(value.key, "may not be changed: " + std::string(guarded->reason),
                            std::string(guarded->mend));
    for (const KafkaProperty& other : properties_)
      if (other.name == name)
        return findings.error(value.key, "is given twice", "keep one of the two");
    warn_of_plain_secret(value, property);
    property.secret = property.secret || value.reference == Node::Reference::kCredential;
    properties_.push_back(std::move(property));
  }

  void warn_of_plain_secret(const Node& value, const KafkaProperty& property) {
    if (!property.secret) return;
    const std::string mend = "use { credential = \"...\" } or { file = \"...\" }";
    if (value.reference == Node::Reference::kNone)
      source_.findings.warning(value.place, "a secret stands in the configuration as plain text",
                               mend);
    if (value.reference == Node::Reference::kEnvironment)
      source_.findings.warning(value.place, "a secret comes from the environment, which leaks",
                               mend);
  }

  PartSource source_;
  std::vector<KafkaProperty>& properties_;
};

}  // namespace

bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (!bracketed && host.find_first_of(":[] ,/") != std::string_view::npos) return false;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number >= 1 &&
         number <= 65'535;
}

void check_topic(const Node* topic, Findings& findings) {
  if (topic == nullptr || topic->kind != Node::Kind::kText) return;
  const std::string& name = topic->text;
  const bool legal = name.size() <= 249 && name != "." && name != ".." &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
                     });
  if (!legal)
    findings.error(topic->place, "\"" + name + "\" is no topic's name",
                   "use at most 249 letters, digits, \".\", \"_\" and \"-\"");
}

void read_kafka(PartSource source, KafkaConfig& kafka) {
  const Node* table = find(&source.root, "kafka");
  for (const TextAt& server : texts_of(find(table, "bootstrap_servers"))) {
    if (!is_host_and_port(server.text))
      source.findings.error(server.place, "\"" + server.text + "\" is no broker",
                            "write host:port, for example \"broker1:9092\"");
    kafka.bootstrap_servers.push_back(server.text);
  }
  if (const Node* properties = find(table, "properties"))
    PropertyReader(source, kafka.properties).read_table(*properties, "");
}

}  // namespace warpscore
