#include <punctual/redis/storage.hpp>
#include <punctual/redis/wake_subscriber.hpp>

static_assert(punctual::Storage<punctual::redis::Storage>);
