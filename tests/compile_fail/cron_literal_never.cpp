// expect: a day that these months and years have
#include <punctual/punctual.hpp>

using namespace punctual::literals;

int main() {
  return "0 0 30 2 *"_cron.matches({}) ? 1 : 0;
}
