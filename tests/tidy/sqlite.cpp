#include <punctual/sqlite/storage.hpp>

static_assert(punctual::Storage<punctual::sqlite::Storage>);
