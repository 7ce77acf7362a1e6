# The forest: by implementation and shape, and in turns with XGBoost (forest_vs_xgboost.py).
warpscore_bench(forest_bench SOURCES ${CMAKE_CURRENT_LIST_DIR}/micro/forest_bench.cpp
                LIBS warpscore_models)
warpscore_bench(forest_rate SOURCES ${CMAKE_CURRENT_LIST_DIR}/micro/forest_rate.cpp
                LIBS warpscore_models)
