# Bytes out: JSON of scores, alerts and dead letters, CSV of features.
add_library(warpscore_encode STATIC
  encode.cpp feature_csv.cpp json_text.cpp key_text.cpp reason.cpp shape.cpp value_text.cpp)
target_link_libraries(warpscore_encode PUBLIC warpscore_base)
