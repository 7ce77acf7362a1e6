// Rows per CPU second of one model on one core: forest_rate MODEL ROWS.x REPEATS MARGINS.out
//
// ROWS.x is float32, column by column. The margins are written so that forest_vs_xgboost.py, which
// runs this in turns with XGBoost, can compare their bits before it counts the time. One line per
// implementation: name, rows per CPU second of the best repeat.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "scoring/model_file.h"

namespace {

using namespace warpscore;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<float> read_floats(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> floats(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(floats.size() * sizeof(float)));
  return floats;
}

int run(char** arguments) {
  const Model model = load_model(arguments[1]);
  const std::vector<float> values = read_floats(arguments[2]);
  const int repeats = std::atoi(arguments[3]);
  const std::size_t rows = values.size() / model.feature_count;
  std::vector<const float*> columns;
  for (std::uint32_t f = 0; f < model.feature_count; ++f) columns.push_back(&values[f * rows]);
  Forest::Scratch scratch(*model.forest);
  std::vector<float> margins(rows);
  for (const ForestImplementation implementation : forest_implementations()) {
    double best = 1e300;
    for (int r = 0; r < repeats; ++r) {
      const double start = cpu_seconds();
      model.forest->margins(implementation, columns.data(), rows, margins.data(), scratch);
      best = std::min(best, cpu_seconds() - start);
      if (implementation == ForestImplementation::kWalk) break;
    }
    std::printf("%s %.0f\n", name_of(implementation), static_cast<double>(rows) / best);
  }
  std::ofstream out(arguments[4], std::ios::binary);
  out.write(reinterpret_cast<const char*>(margins.data()),
            static_cast<std::streamsize>(rows * sizeof(float)));
  return out ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: forest_rate MODEL ROWS.x REPEATS MARGINS.out\n");
    return 2;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forest_rate: %s\n", error.what());
    return 1;
  }
}
