#include <punctual/tz/zone.hpp>

punctual::TimeZone (*const find_zone)(std::string_view) = punctual::tz::zone;
