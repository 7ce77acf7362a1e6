// Ctrl-C and SIGTERM as a flag: the loop that asks ends in order.
//
// Thread  any may ask.
#pragma once

namespace warpscore {

void catch_interrupts();
[[nodiscard]] bool interrupted() noexcept;

}  // namespace warpscore
