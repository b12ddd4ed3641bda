// SPDX-License-Identifier: GPL-3.0-or-later
// Why a model could not be opened, as far as something else can be opened instead.
#pragma once

#include <QMetaType>

#include <stdexcept>

namespace gorgon {

enum class LoadRemedy
{
    other_model,
    other_heads, // the model itself was found sound as far as it was read
    own_context,
    processor, // the device that was asked for is too small
};

struct LoadFailure : std::runtime_error
{
    LoadFailure(const std::string& sentence, LoadRemedy what)
        : std::runtime_error(sentence)
        , remedy(what)
    {
    }
    LoadRemedy remedy;
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::LoadRemedy)
