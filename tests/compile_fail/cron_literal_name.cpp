// expect: a day of week 0-7 or SUN-SAT
#include <punctual/punctual.hpp>

using namespace punctual::literals;

int main() {
  return "0 0 * * MOO"_cron.matches({}) ? 1 : 0;
}
