#include <punctual/http/health_check.hpp>
