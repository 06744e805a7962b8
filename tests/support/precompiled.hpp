// SPDX-License-Identifier: MIT
//
// What almost every test includes, compiled once.

#pragma once

#include <date/date.h>

#include <nlohmann/json.hpp>
#include <punctual/punctual.hpp>

#include "support/catch.hpp"
