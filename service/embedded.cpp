#include "service/embedded.h"

// The assembler puts the files into the program: no generated sources, no temporary files.
// WARPSCORE_EXAMPLE is the folder; CMakeLists.txt makes this file depend on what lies there.
__asm__(
    ".section .rodata\n"
    "warpscore_embedded_configuration:\n.incbin \"" WARPSCORE_EXAMPLE
    "/warpscore.toml\"\n"
    "warpscore_embedded_configuration_end:\n"
    "warpscore_embedded_model:\n.incbin \"" WARPSCORE_EXAMPLE
    "/model.json\"\n"
    "warpscore_embedded_model_end:\n.byte 0\n"
    ".previous\n");

extern "C" const char warpscore_embedded_configuration[];
extern "C" const char warpscore_embedded_configuration_end[];
extern "C" const std::byte warpscore_embedded_model[];
extern "C" const std::byte warpscore_embedded_model_end[];

namespace warpscore {

std::string_view embedded_configuration() {
  return {warpscore_embedded_configuration, warpscore_embedded_configuration_end};
}

std::span<const std::byte> embedded_model() {
  return {warpscore_embedded_model, warpscore_embedded_model_end};
}

}  // namespace warpscore
