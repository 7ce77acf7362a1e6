// The parts of a configuration, each read from its table of the checked tree (config_node.h).
//
// Errors  go to Findings; what was refused is left at its default, since nobody gets to see it.
#pragma once

#include <filesystem>
#include <string_view>

#include "service/config.h"
#include "service/config_node.h"

namespace warpscore {

struct PartSource {
  const Node& root;
  const std::filesystem::path& folder;  // of the configuration file
  Findings& findings;
};

void read_kafka(PartSource source, KafkaConfig& kafka);
void read_input(PartSource source, InputConfig& input);  // [input], [input.fields], [labels]
void read_features(PartSource source, std::vector<FeatureSpec>& features);
void read_decisions(PartSource source, Config& config);  // [model], [[alerts]]
void read_output(PartSource source, Config& config);
void read_host(PartSource source, Config& config);   // [device], history, [http], [ha]
void read_tests(PartSource source, Config& config);  // after the others: names their fields, alerts

// Letters, digits, "_"; no digit first; no word of the expressions. "" if it is one, else why not.
[[nodiscard]] std::string refuse_identifier(std::string_view name);

// Says what is wrong with a topic's name, if anything is.
void check_topic(const Node* topic, Findings& findings);

// "host:port" with a port from 1 to 65535.
[[nodiscard]] bool is_host_and_port(std::string_view text);

}  // namespace warpscore
