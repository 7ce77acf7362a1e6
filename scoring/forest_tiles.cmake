# The forest as a GPU takes it; forest_tiles_impl.h is instantiated with a Queue by who scores.
add_library(warpscore_forest_tiles STATIC ${CMAKE_CURRENT_LIST_DIR}/forest_tiles.cpp)
target_link_libraries(warpscore_forest_tiles PUBLIC warpscore_models)
