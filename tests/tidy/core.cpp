#include <punctual/punctual.hpp>

// Looks into the templates too.
template class punctual::Scheduler<>;
template class punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&,
                                   punctual::ManualExecutor>;
