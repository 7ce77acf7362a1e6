# The device's forest: on host threads, and on a GPU where there is one.
add_library(warpscore_forest_tiles_case STATIC ${CMAKE_CURRENT_LIST_DIR}/forest_tiles_case.cpp)
target_link_libraries(warpscore_forest_tiles_case PUBLIC warpscore_forest_tiles)

warpscore_test(forest_tiles_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/forest_tiles_test.cpp
               LIBS warpscore_forest_tiles_case warpscore_thread_queue)
if(TARGET forest_tiles_test)
  target_compile_definitions(forest_tiles_test PRIVATE
    WARPSCORE_XGBOOST_MODELS="${CMAKE_CURRENT_BINARY_DIR}/xgboost_models"
    WARPSCORE_EXAMPLE_MODEL="${CMAKE_SOURCE_DIR}/examples/fraud-handbook/model.json")
endif()
if(TARGET forest_tiles_test AND TEST make_xgboost_models)
  set_tests_properties(forest_tiles_test PROPERTIES FIXTURES_REQUIRED xgboost_models)
endif()
if(WARPSCORE_CUDA)
  warpscore_test(forest_tiles_cuda_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/forest_tiles_cuda_test.cu
                 LIBS warpscore_forest_tiles_case warpscore_queue_cuda LABELS per_device)
  warpscore_cuda(forest_tiles_cuda_test)
endif()
