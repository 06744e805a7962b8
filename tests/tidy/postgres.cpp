#include <punctual/postgres/storage.hpp>

static_assert(punctual::Storage<punctual::postgres::Storage>);
