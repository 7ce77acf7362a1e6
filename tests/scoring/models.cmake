# Tests of the models. The differential one trains models with XGBoost itself, once per test run.
set(WARPSCORE_PYTHON "${CMAKE_SOURCE_DIR}/.tools/venv/bin/python" CACHE FILEPATH
    "Python with xgboost-cpu 3.2.0 and numpy, for tests that compare with XGBoost")

warpscore_test(forest_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/forest_test.cpp
               LIBS warpscore_models)
warpscore_test(model_file_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/model_file_test.cpp
               LIBS warpscore_models ZLIB::ZLIB)
set(xgboost_models ${CMAKE_CURRENT_BINARY_DIR}/xgboost_models)
warpscore_test(xgboost_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/xgboost_test.cpp
               LIBS warpscore_models)
if(TARGET xgboost_test)
  target_compile_definitions(xgboost_test PRIVATE WARPSCORE_XGBOOST_MODELS="${xgboost_models}")
endif()
if(TARGET xgboost_test AND EXISTS ${WARPSCORE_PYTHON})
  add_test(NAME make_xgboost_models COMMAND ${WARPSCORE_PYTHON}
           ${CMAKE_CURRENT_LIST_DIR}/make_models.py ${xgboost_models})
  set_tests_properties(make_xgboost_models PROPERTIES FIXTURES_SETUP xgboost_models TIMEOUT 120)
  set_tests_properties(xgboost_test PROPERTIES FIXTURES_REQUIRED xgboost_models)
endif()

warpscore_fuzz(model_fuzz SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/model_fuzz.cpp
               LIBS warpscore_models)
