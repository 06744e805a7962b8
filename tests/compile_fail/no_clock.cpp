// expect: the first part is no Clock: see punctual/policy/clock.hpp
#include <punctual/punctual.hpp>

struct NoClock {
  punctual::TimePoint now() const { return {}; }
};

int main() {
  NoClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
}
