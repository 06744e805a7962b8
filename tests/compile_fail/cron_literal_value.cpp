// expect: an hour 0-23
#include <punctual/punctual.hpp>

using namespace punctual::literals;

int main() {
  return "0 24 * * *"_cron.matches({}) ? 1 : 0;
}
