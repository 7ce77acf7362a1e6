# Configuration and command line.
foreach(name config cli)
  warpscore_test(${name}_test SOURCES service/${name}_test.cpp LIBS warpscore_config)
  if(TARGET ${name}_test)
    target_compile_definitions(${name}_test PRIVATE WARPSCORE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
endforeach()
warpscore_fuzz(config_fuzz SOURCES fuzz/config_fuzz.cpp LIBS warpscore_config)
