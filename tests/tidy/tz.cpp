#include <punctual/tz/zone.hpp>

static_assert(sizeof(punctual::tz::zone("UTC")) > 0);
