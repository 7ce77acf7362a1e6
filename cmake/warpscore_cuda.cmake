# The CUDA backend: whether it is built, and the one function that makes a target of device code.
#
#   WARPSCORE_CUDA                 AUTO (the default): with CUDA if there is a toolkit that this
#                                  build can use. ON: an error if not. OFF: without.
#   WARPSCORE_CUDA_TOOLKIT         its folder; scripts/setup makes .tools/cuda
#   WARPSCORE_CUDA_ARCHITECTURES   90 builds fast; the preset `release` has every one (docs/gpu.md)
#
# Afterwards if(WARPSCORE_CUDA) is the answer, and WARPSCORE_CUDA_VERSION says which (13.0).
set(WARPSCORE_CUDA AUTO CACHE STRING "Build the CUDA backend: AUTO, ON or OFF")
set_property(CACHE WARPSCORE_CUDA PROPERTY STRINGS AUTO ON OFF)
set(WARPSCORE_CUDA_TOOLKIT "${CMAKE_SOURCE_DIR}/.tools/cuda" CACHE PATH "A CUDA toolkit")
set(WARPSCORE_CUDA_ARCHITECTURES 90 CACHE STRING "The GPUs to build for, as CUDA_ARCHITECTURES")

# Why this build cannot have CUDA; empty if it can.
set(why_not "")
if(NOT WARPSCORE_CUDA AND NOT WARPSCORE_CUDA STREQUAL "AUTO")
  set(why_not "WARPSCORE_CUDA is OFF")
elseif(WARPSCORE_FUZZ)
  set(why_not "this is a build of fuzz targets")
elseif(WARPSCORE_SANITIZE)
  set(why_not "this is a build with sanitizers (compute-sanitizer is what sees device code)")
elseif(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(why_not "nvcc is only used with g++, and this is ${CMAKE_CXX_COMPILER_ID}")
elseif(NOT EXISTS ${WARPSCORE_CUDA_TOOLKIT}/bin/nvcc)
  set(why_not "there is no ${WARPSCORE_CUDA_TOOLKIT}/bin/nvcc (scripts/setup brings it)")
elseif(CMAKE_VERSION VERSION_LESS 4.0)
  set(why_not "CMake ${CMAKE_VERSION} does not know CUDA 13 (.tools/cmake/bin/cmake does)")
endif()

if(why_not STREQUAL "")
  set(WARPSCORE_CUDA ON)
  set(CMAKE_CUDA_COMPILER ${WARPSCORE_CUDA_TOOLKIT}/bin/nvcc)
  set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
  set(CMAKE_CUDA_ARCHITECTURES ${WARPSCORE_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)  # one program for machines with and without CUDA
  if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_FLAGS_RELWITHDEBINFO "-O2 -lineinfo")
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" WARPSCORE_CUDA_VERSION ${CMAKE_CUDA_COMPILER_VERSION})
  message(NOTICE "CUDA ${WARPSCORE_CUDA_VERSION}, architectures ${WARPSCORE_CUDA_ARCHITECTURES}")
elseif(WARPSCORE_CUDA AND NOT WARPSCORE_CUDA STREQUAL "AUTO")
  message(FATAL_ERROR "WARPSCORE_CUDA is ON, but ${why_not}")
else()
  set(WARPSCORE_CUDA OFF)
  message(NOTICE "built without CUDA: ${why_not}")
endif()

# warpscore_cuda(<target>): the target's .cu sources are compiled as all device code is. The host's
# half has the flags of all C++ here; the device's half fuses no multiply and add either. No device
# code is linked across files, so that a kernel is compiled with all that it calls in sight.
function(warpscore_cuda target)
  if(NOT TARGET ${target})
    return()  # a test in a build without tests
  endif()
  set(host_options -Wall,-Wextra,-ffp-contract=off,-fno-fast-math)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    string(APPEND host_options ,-march=x86-64-v2)
  endif()
  set_target_properties(${target} PROPERTIES
    CUDA_ARCHITECTURES "${WARPSCORE_CUDA_ARCHITECTURES}" CUDA_RUNTIME_LIBRARY Static
    CUDA_SEPARABLE_COMPILATION OFF CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF)
  set(device_options -fmad=false --expt-relaxed-constexpr --compress-mode=size
                     -Werror all-warnings "-Xcompiler=${host_options}")
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${device_options}>")
endfunction()
