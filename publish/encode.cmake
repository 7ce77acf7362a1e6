# Bytes out: JSON of scores, alerts and dead letters, CSV of features.
add_library(warpscore_encode STATIC feature_csv.cpp shape.cpp value_text.cpp)
target_link_libraries(warpscore_encode PUBLIC warpscore_base)
