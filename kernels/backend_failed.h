// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace gorgon {

/// A backend that computes no more: models are to be loaded anew, on it or on another one.
class BackendFailed : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

} // namespace gorgon
