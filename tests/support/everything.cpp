// SPDX-License-Identifier: MIT
//
// A second object in every test binary that includes every header: a function or variable defined
// in a header without `inline` fails to link.

#include <punctual/punctual.hpp>
