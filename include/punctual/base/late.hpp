// SPDX-License-Identifier: MIT
//
// Late: names a type inside a template so that it is compiled where the template is used.
//
// The compiler completes every type that a template's definition names outright, whether or not the
// template is ever used: a scheduler's tables and queues, in each file that only includes the
// header. A type that depends on the template's own parameter is left until then.
//
// Thread-safety: a type alone.

#pragma once

#include <vector>

namespace punctual {

namespace detail {

template <class T, class Parameter>
struct LateType {
  using Type = T;
};

}  // namespace detail

/// The type `T`; `Parameter` is any parameter of the template that names it.
template <class T, class Parameter>
using Late = typename detail::LateType<T, Parameter>::Type;

/// A vector of `T`; what a template does with it is compiled late as well.
template <class T, class Parameter>
using LateVector = std::vector<Late<T, Parameter>>;

}  // namespace punctual
