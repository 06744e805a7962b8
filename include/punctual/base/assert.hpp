// SPDX-License-Identifier: MIT
//
// PUNCTUAL_ASSERT: states what must hold inside the library, whatever a caller does.
//
// Misuse by callers is answered by `Error`; an assertion that fails is a defect of the library.
// Active unless NDEBUG is defined; define PUNCTUAL_ASSERT yourself to route it elsewhere.

#pragma once

#ifndef PUNCTUAL_ASSERT
#include <cassert>
#define PUNCTUAL_ASSERT(condition) assert(condition)
#endif
