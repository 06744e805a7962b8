#include <punctual/punctual.hpp>
#include <punctual/self_check/database_check.hpp>
#include <punctual/self_check/environment_check.hpp>
#include <punctual/self_check/migrations_check.hpp>
#include <punctual/self_check/platform_self_check_job.hpp>
#include <punctual/self_check/script_check.hpp>

// Looks into the templates too.
template class punctual::Scheduler<>;
template class punctual::Scheduler<punctual::FakeClock, punctual::InMemoryStorage,
                                   punctual::ManualExecutor>;
