#include <punctual/testing/embedded_harness.hpp>
#include <punctual/testing/simulation.hpp>
#include <punctual/testing/storage_conformance.hpp>

#include <punctual/punctual.hpp>

using Harness = punctual::testing::EmbeddedHarness<punctual::InMemoryStorage>;
template std::vector<punctual::testing::CheckResult>
punctual::testing::run_storage_conformance<Harness>(Harness&);
template class punctual::testing::FaultyStorage<punctual::InMemoryStorage>;
