// SPDX-License-Identifier: Apache-2.0
// Unicode normalisation forms and lower case of valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace gorgon {

enum class UnicodeForm
{
    Nfc,
    Nfd,
    Nfkc,
    Nfkd
};

std::string normalized(std::string_view text, UnicodeForm form);
/// Each character by itself, whatever stands around it and whatever the language.
std::string lowercased(std::string_view text);

} // namespace gorgon
