// expect: the second part is no Storage: see punctual/policy/storage.hpp
#include <punctual/punctual.hpp>

struct NoStorage {};

int main() {
  punctual::FakeClock clock;
  NoStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
}
