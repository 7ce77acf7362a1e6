# Bytes in: JSON and CSV transactions, labels, files.
add_library(warpscore_decode STATIC
  csv_cells.cpp decode.cpp decode_csv.cpp decode_json.cpp file_bytes.cpp file_reader.cpp
  json_members.cpp json_unescape.cpp numbers.cpp read_ahead.cpp row_builder.cpp timestamp.cpp)
target_link_libraries(warpscore_decode PUBLIC warpscore_base PRIVATE simdjson::simdjson ZLIB::ZLIB)
