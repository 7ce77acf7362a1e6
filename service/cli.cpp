#include "service/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/nearest_name.h"
#include "service/duration.h"
#include "service/exit_codes.h"

namespace warpscore {
namespace {

struct VerbText {
  Verb verb;
  std::string_view name;
  std::string_view sentence;
  std::array<std::string_view, 2> examples;
};

constexpr std::array<VerbText, 8> kVerbs = {{
    {Verb::kDemo,
     "demo",
     "Generator, engine and alerts in one process; needs neither Kafka nor a GPU.",
     {"warpscore demo --for 20s", "warpscore demo --kafka 127.0.0.1:9092 --rate 20000"}},
    {Verb::kCheck,
     "check",
     "Check a configuration, its model, Kafka and the device; start nothing.",
     {"warpscore check fraud.toml", "warpscore check fraud.toml --offline -o json"}},
    {Verb::kTest,
     "test",
     "Run the [[tests]] of a configuration through the real engine.",
     {"warpscore test fraud.toml", "warpscore test fraud.toml -o json"}},
    {Verb::kRun,
     "run",
     "Score the topic of the configuration until told to stop.",
     {"warpscore run /etc/warpscore/warpscore.toml", "warpscore run fraud.toml --device cpu"}},
    {Verb::kFeatures,
     "features",
     "Features, margin, score and fired rules of every transaction of a file, as CSV.",
     {"warpscore features fraud.toml transactions.csv.gz -o features.csv",
      "zcat day.json.gz | warpscore features fraud.toml - -o - | head"}},
    {Verb::kGenerate,
     "generate",
     "Make transactions with fraud in them, to a file or to Kafka.",
     {"warpscore generate --transactions 100000 --format csv -o transactions.csv",
      "warpscore generate --kafka 127.0.0.1:9092 --topic transactions --rate 20000"}},
    {Verb::kBench,
     "bench",
     "Measure the way through Kafka, with the limit measured in the same run.",
     {"warpscore bench --kafka 127.0.0.1:9092", "warpscore bench fraud.toml --pairs 7 -o json"}},
    {Verb::kVersion,
     "version",
     "Version, commit, and the backends compiled in and present.",
     {"warpscore version", "warpscore version -o json"}},
}};

constexpr std::array<std::string_view, 2> kTopExamples = {"warpscore demo --for 20s",
                                                          "warpscore check fraud.toml"};

const VerbText* find_verb(std::string_view name) {
  for (const VerbText& verb : kVerbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

// Who asks for help wants to do something: examples come first, then usage, then the rest.
class ExamplesFirst : public CLI::Formatter {
 public:
  ExamplesFirst() { column_width(28); }

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    const VerbText* verb = find_verb(app->get_name());
    std::string help = "Examples:\n";
    for (const std::string_view example : verb != nullptr ? verb->examples : kTopExamples)
      help += "  " + std::string(example) + "\n";
    help += "\n" + make_usage(app, std::move(name)) + "\n" + app->get_description() + "\n";
    help += make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
    return help + make_footer(app);
  }
};

// Texts of options with a fixed set of values, turned into enums after parsing.
struct Choices {
  std::string device;
  std::string print = "text";
  std::string format = "json";
  std::string scenario = "handbook";
  std::string duration;
};

class CommandLine {
 public:
  explicit CommandLine(Options& out)
      : out_(out), app_("Scores payment transactions while they happen.", "warpscore") {
    app_.formatter(std::make_shared<ExamplesFirst>());
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("Positionals", "Arguments");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.add_flag("--version", version_, "Print the version, as the verb does");
    app_.require_subcommand(0, 1);
    app_.footer(
        "\n`warpscore VERB --help` says more of each. Exit codes: 0 ok, 1 failed, 2 usage,\n"
        "69 Kafka or GPU unavailable, 70 GPU failed, 71 GPU hung, 75 fenced by a newer epoch,\n"
        "78 configuration.");
    add_demo(add_verb("demo"));
    add_check(add_verb("check"));
    add_test(add_verb("test"));
    add_run(add_verb("run"));
    add_features(add_verb("features"));
    add_generate(add_verb("generate"));
    add_bench(add_verb("bench"));
    add_print(add_verb("version"));
  }

  int parse(int argc, const char* const* argv) {
    if (const int code = refuse_unknown_verb(argc, argv); code >= 0) return code;
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      std::cout << app_.help();
      return std::cout.flush() ? kExitOk : kExitFailed;
    } catch (const CLI::ExtrasError& error) {
      return refuse_extra(error);
    } catch (const CLI::ParseError& error) {
      return usage_error(error.what());
    }
    if (app_.get_subcommands().empty() && !version_) {
      std::cerr << app_.help();
      return kExitUsage;
    }
    take_choices();
    return out_.verb == Verb::kGenerate ? check_generate() : -1;
  }

 private:
  CLI::App* add_verb(std::string_view name) {
    CLI::App* verb = app_.add_subcommand(std::string(name), std::string(find_verb(name)->sentence));
    verb->group("Verbs");
    verb->footer("");  // or it would inherit the one of all verbs
    return verb;
  }

  static CLI::Option* choice(CLI::App* verb, const std::string& name, std::string& into,
                             std::vector<std::string> choices, const std::string& sentence) {
    std::string text;
    for (const std::string& each : choices) text += (text.empty() ? "" : "|") + each;
    return verb->add_option(name, into, sentence)
        ->option_text(text)
        ->check([choices, text](const std::string& value) -> std::string {
          for (const std::string& each : choices)
            if (each == value) return {};
          const std::string nearest = nearest_name(value, choices);
          return "must be " + text + ", not \"" + value + "\"" +
                 (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
        });
  }

  template <class Number>
  static CLI::Option* number(CLI::App* verb, const std::string& name, Number& into,
                             std::uint64_t min, std::uint64_t max, const std::string& sentence) {
    return verb->add_option(name, into, sentence)
        ->option_text("N")
        ->check([min, max](const std::string& value) -> std::string {
          std::uint64_t number = 0;
          if (value.find_first_not_of("0123456789") == std::string::npos &&
              CLI::detail::lexical_cast(value, number) && number >= min && number <= max)
            return {};
          return "must be a whole number from " + std::to_string(min) + " to " +
                 std::to_string(max) + ", not \"" + value + "\"";
        });
  }

  static CLI::Option* broker(CLI::App* verb, std::string& into, const std::string& sentence) {
    return verb->add_option("--kafka", into, sentence)
        ->option_text("HOST:PORT")
        ->check([](const std::string& value) -> std::string {
          const std::size_t colon = value.rfind(':');
          const bool port = colon != std::string::npos && colon > 0 && colon + 1 < value.size() &&
                            value.find_first_not_of("0123456789", colon + 1) == std::string::npos;
          return port ? "" : "must be HOST:PORT, not \"" + value + "\"";
        });
  }

  static void add_config(CLI::App* verb, std::string& into) {
    verb->add_option("CONFIG", into, "The configuration, one TOML file")
        ->option_text(" ")
        ->required();
  }

  void add_print(CLI::App* verb) {
    choice(verb, "-o,--output", choices_.print, {"text", "json"},
           "What to print (text unless given)");
  }

  void add_device(CLI::App* verb) {
    choice(verb, "--device", choices_.device, {"auto", "cpu", "cuda"},
           "Where to compute, whatever the configuration says");
    number(verb, "--threads", out_.threads, 1, 1024,
           "Threads to compute with (all cores unless given)");
  }

  void add_demo(CLI::App* verb) {
    verb->add_option("--for", choices_.duration, "Stop after this long (on Ctrl-C unless given)")
        ->option_text("20s")
        ->check([](const std::string& value) -> std::string {
          if (parse_duration(value).value_or(0) > 0) return {};
          return "must be a duration such as 20s or 5m, not \"" + value + "\"";
        });
    broker(verb, out_.demo.kafka, "Go through this broker");
    number(verb, "--rate", out_.demo.rate, 1, 100'000'000, "Transactions per second");
    add_device(verb);
  }

  void add_check(CLI::App* verb) {
    add_config(verb, out_.check.config);
    verb->add_flag("--offline", out_.check.offline, "Only what can be known without Kafka");
    add_print(verb);
  }

  void add_test(CLI::App* verb) {
    add_config(verb, out_.test.config);
    add_print(verb);
  }

  void add_run(CLI::App* verb) {
    add_config(verb, out_.run.config);
    add_device(verb);
  }

  void add_features(CLI::App* verb) {
    add_config(verb, out_.features.config);
    verb->add_option("INPUT", out_.features.input, "CSV or JSON lines, also .gz; - for stdin")
        ->option_text(" ")
        ->required();
    verb->add_option("-o,--output", out_.features.output, "CSV to write; - for stdout (required)")
        ->option_text("OUTPUT")
        ->required();
    verb->add_option("--dead-letters", out_.features.dead_letters,
                     "Where to write what was refused, as JSON lines")
        ->option_text("FILE");
    add_device(verb);
  }

  void add_generate(CLI::App* verb) {
    GenerateOptions& options = out_.generate;
    choice(verb, "--scenario", choices_.scenario, {"handbook", "uniform", "hot"},
           "What the traffic looks like (handbook unless given)");
    number(verb, "--transactions", options.transactions, 1, 1'000'000'000'000,
           "How many (1000000 unless given)");
    number(verb, "--rate", options.rate, 1, 100'000'000,
           "Transactions per second (as fast as it goes unless given)");
    number(verb, "--seed", options.seed, 0, UINT64_MAX, "The same seed, the same bytes (1)");
    number(verb, "--accounts", options.accounts, 1, 1'000'000'000, "How many accounts (5000)");
    verb->add_option("-o,--output", options.output, "File to write; - for stdout")
        ->option_text("FILE");
    broker(verb, options.kafka, "Produce to this broker");
    verb->add_option("--topic", options.topic, "Topic to produce to")->option_text("TOPIC");
    choice(verb, "--format", choices_.format, {"csv", "json"},
           "How transactions are written (json unless given)");
  }

  void add_bench(CLI::App* verb) {
    BenchOptions& options = out_.bench;
    verb->add_option("CONFIG", options.config, "The configuration (the embedded one unless given)")
        ->option_text(" ");
    broker(verb, options.kafka, "Broker to go through");
    number(verb, "--transactions", options.transactions, 1, 1'000'000'000'000,
           "How many each run scores (3000000)");
    number(verb, "--partitions", options.partitions, 1, 10'000, "Of the input topic (8)");
    number(verb, "--pairs", options.pairs, 1, 1'000,
           "Interleaved runs of ours and of the limit (5)");
    add_device(verb);
    add_print(verb);
  }

  // CLI11 would call an unknown verb an unexpected argument, and not say which it might have been.
  static int refuse_unknown_verb(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word.starts_with('-')) continue;
      if (find_verb(word) != nullptr) return -1;
      std::vector<std::string_view> names;
      for (const VerbText& verb : kVerbs) names.push_back(verb.name);
      const std::string nearest = nearest_name(word, names);
      std::cerr << "warpscore: unknown verb \"" << word << "\"";
      if (!nearest.empty()) std::cerr << "; did you mean \"" << nearest << "\"?";
      std::cerr << "\nSee `warpscore --help`.\n";
      return kExitUsage;
    }
    return -1;
  }

  [[nodiscard]] std::string command() const {
    const auto verbs = app_.get_subcommands();
    return verbs.empty() ? "warpscore" : "warpscore " + verbs.front()->get_name();
  }

  [[nodiscard]] int usage_error(const std::string& message) const {
    std::cerr << command() << ": " << message << "\nSee `" << command() << " --help`.\n";
    return kExitUsage;
  }

  [[nodiscard]] int refuse_extra(const CLI::ExtrasError& error) const {
    const auto extras = app_.remaining(true);
    if (extras.empty()) return usage_error(error.what());
    const std::string word = extras.front().substr(0, extras.front().find('='));
    if (!word.starts_with('-')) return usage_error("unexpected argument \"" + word + "\"");
    const auto verbs = app_.get_subcommands();
    std::vector<std::string> names;
    const CLI::App* app = verbs.empty() ? &app_ : verbs.front();
    for (const CLI::Option* option : app->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::string nearest = nearest_name(word, names);
    return usage_error("unknown option " + word +
                       (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }

  void take_choices() {
    const auto verbs = app_.get_subcommands();
    out_.verb = verbs.empty() ? Verb::kVersion : find_verb(verbs.front()->get_name())->verb;
    out_.has_device = !choices_.device.empty();
    if (choices_.device == "cpu") out_.device = Backend::kCpu;
    if (choices_.device == "cuda") out_.device = Backend::kCuda;
    if (!choices_.duration.empty())
      out_.demo.for_ms = parse_duration(choices_.duration).value_or(0);
    if (choices_.scenario == "uniform") out_.generate.scenario = Scenario::kUniform;
    if (choices_.scenario == "hot") out_.generate.scenario = Scenario::kHot;
    if (choices_.format == "csv") out_.generate.format = InputFormat::kCsv;
    const PrintFormat print = choices_.print == "json" ? PrintFormat::kJson : PrintFormat::kText;
    out_.check.print = out_.test.print = out_.bench.print = out_.version.print = print;
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool plain = (no_color != nullptr && *no_color != '\0') ||
                       (term != nullptr && std::string_view(term) == "dumb");
    out_.color = !plain && isatty(STDOUT_FILENO) == 1;
  }

  [[nodiscard]] int check_generate() const {
    const GenerateOptions& options = out_.generate;
    if (options.output.empty() == options.kafka.empty())
      return usage_error("give -o FILE or --kafka HOST:PORT, one of the two");
    if (options.kafka.empty() != options.topic.empty())
      return usage_error("--kafka and --topic belong together");
    return -1;
  }

  Options& out_;
  Choices choices_;
  bool version_ = false;
  CLI::App app_;
};

}  // namespace

int parse_command_line(int argc, const char* const* argv, Options& out) {
  return CommandLine(out).parse(argc, argv);
}

}  // namespace warpscore
