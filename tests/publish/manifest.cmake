# Manifests and their chain.
warpscore_test(manifest_test SOURCES publish/manifest_test.cpp LIBS warpscore_publish)
