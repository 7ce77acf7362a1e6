# What the device's score pass needs on the host: a plan laid out for a device. The pass itself is a
# template (score_pass_impl.h), compiled with the queue that it runs on.
add_library(warpscore_device_plan STATIC ${CMAKE_CURRENT_LIST_DIR}/device_plan.cpp)
target_link_libraries(warpscore_device_plan PUBLIC warpscore_expression warpscore_models
  warpscore_forest_tiles)
