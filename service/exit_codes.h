// What the process's exit status means. Part of the contract with units and scripts: add, never
// change.
#pragma once

#include "kernels/queue.h"

namespace warpscore {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,        // a test failed, a mismatch was found, input could not be read
  kExitUsage = 2,         // the command line was not understood
  kExitUnavailable = 69,  // Kafka or the GPU is not there (EX_UNAVAILABLE)
  // A batch failed on the GPU, or took longer than two seconds: nothing of it was committed.
  kExitDevice = kExitDeviceError,       // 70 (EX_SOFTWARE)
  kExitDeviceSilent = kExitDeviceHung,  // 71 (EX_OSERR)
  kExitFenced = 75,                     // a newer epoch took over (EX_TEMPFAIL)
  kExitConfiguration = 78,  // the configuration file is wrong (EX_CONFIG); a unit must not restart
};

}  // namespace warpscore
