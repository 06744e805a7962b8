// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_query.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_query_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Asks for more than it is asked for, as `change` says.
template <void (*change)(RunQuery&)>
class Queries : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(RunQuery query) {
    change(query);
    return InMemoryStorage::runs(query);
  }
};

void drop_due(RunQuery& query) {
  query.due_from.reset();
  query.due_before.reset();
}
void drop_workflow(RunQuery& query) {
  query.workflow_id.reset();
}
void drop_dead(RunQuery& query) {
  query.dead = false;
}
void add_details(RunQuery& query) {
  query.with_details = true;
}

}  // namespace

TEST_CASE("query_checks pass on a storage that finds runs") {
  CHECK(failed_checks<InMemoryStorage>(query_checks).empty());
}

TEST_CASE("Each of query_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<Queries<drop_due>, Queries<drop_workflow>, Queries<drop_dead>,
                        Queries<add_details>>(query_checks) == CheckNames{});
}

TEST_CASE("query_checks fail where due instants are not looked at") {
  CHECK(failed_checks<Queries<drop_due>>(query_checks).size() == 2);
  CHECK(failed_checks<Queries<drop_workflow>>(query_checks).size() == 1);
  CHECK(failed_checks<Queries<drop_dead>>(query_checks).size() == 2);
}

}  // namespace conformance_query_test
