# The models: reading and checking model files, forests and logistic regression on the host.
add_library(warpscore_models STATIC
  ${CMAKE_CURRENT_LIST_DIR}/document.cpp
  ${CMAKE_CURRENT_LIST_DIR}/document_json.cpp
  ${CMAKE_CURRENT_LIST_DIR}/document_ubjson.cpp
  ${CMAKE_CURRENT_LIST_DIR}/forest.cpp
  ${CMAKE_CURRENT_LIST_DIR}/forest_plan.cpp
  ${CMAKE_CURRENT_LIST_DIR}/forest_portable.cpp
  ${CMAKE_CURRENT_LIST_DIR}/logistic.cpp
  ${CMAKE_CURRENT_LIST_DIR}/model_file.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sha256.cpp
  ${CMAKE_CURRENT_LIST_DIR}/xgboost.cpp)
target_link_libraries(warpscore_models PUBLIC warpscore_base PRIVATE simdjson::simdjson ZLIB::ZLIB)

# One source per instruction set, each compiled for its own; forest.cpp asks the CPU which may run.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_sources(warpscore_models PRIVATE ${CMAKE_CURRENT_LIST_DIR}/forest_avx2.cpp
                                          ${CMAKE_CURRENT_LIST_DIR}/forest_avx512.cpp)
  # g++ 12 takes its own _mm512_undefined_epi32() for a mistake (GCC bug 105593).
  set(is_gnu "$<CXX_COMPILER_ID:GNU>")
  set(no_false_alarm "$<${is_gnu}:-Wno-maybe-uninitialized>;$<${is_gnu}:-Wno-uninitialized>")
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/forest_avx2.cpp
    PROPERTIES COMPILE_OPTIONS "-O3;-mavx2")
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/forest_avx512.cpp
    PROPERTIES COMPILE_OPTIONS "-O3;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;${no_false_alarm}")
endif()
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/forest_portable.cpp
  PROPERTIES COMPILE_OPTIONS "-O3")
