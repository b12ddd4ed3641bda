// SPDX-License-Identifier: Apache-2.0
// Texts with places for values.
#pragma once

#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

/// format % arguments, a tuple or one value or a dictionary: %s %r %d %i %u %f %e %g %x %X %o %c %%
Value formatPercent(Context& context, const Text& format, const Value& arguments);
/// format.format(...): {} {0} {name} {0.name} {0[key]} {{ }}, without format specifications.
Value formatBraces(Context& context, const Text& format, const Arguments& arguments);

} // namespace gorgon::jinja
