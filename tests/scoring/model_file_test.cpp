#include "scoring/model_file.h"

#include <gtest/gtest.h>
TEST(ModelFileTest, Placeholder) {}
