// expect: every
#include <punctual/punctual.hpp>

int main() {
  return punctual::every(5).is_manual() ? 1 : 0;
}
