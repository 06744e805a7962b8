// expect: a step of 1-59
#include <punctual/punctual.hpp>

using namespace punctual::literals;

int main() {
  return "*/0 * * * *"_cron.matches({}) ? 1 : 0;
}
