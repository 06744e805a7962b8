// expect: register_job
#include <punctual/punctual.hpp>

int main() {
  punctual::Scheduler scheduler;
  scheduler.register_job({.name = "job"}, [](int) { return 3; });
}
