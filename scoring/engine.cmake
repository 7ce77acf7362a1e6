# The plan and the engine: what joins features, expressions, model and alerts.
add_library(warpscore_engine STATIC
  admission.cpp block_pass.cpp engine.cpp feature_names.cpp host_engine.cpp plan.cpp
  plan_builder.cpp plan_model.cpp plan_requests.cpp table_builder.cpp)
set_source_files_properties(block_pass.cpp PROPERTIES COMPILE_OPTIONS "-O3")
target_compile_definitions(warpscore_engine PRIVATE
  THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_TBB THRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP)
target_include_directories(warpscore_engine SYSTEM PRIVATE ${WARPSCORE_CCCL})
target_link_libraries(warpscore_engine PUBLIC warpscore_kernels warpscore_expression
  warpscore_models PRIVATE TBB::tbb)
# The engine on a GPU is a library of its own: what nvcc compiles knows nothing of TBB's Thrust.
include(${CMAKE_CURRENT_LIST_DIR}/device_engine.cmake)
