// expect: 5 fields, 6 with seconds first or 7 with the year last
#include <punctual/punctual.hpp>

using namespace punctual::literals;

int main() {
  return "* * * *"_cron.matches({}) ? 1 : 0;
}
