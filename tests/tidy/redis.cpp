#include <punctual/redis/storage.hpp>

static_assert(punctual::Storage<punctual::redis::Storage>);
