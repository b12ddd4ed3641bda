// SPDX-License-Identifier: Apache-2.0
// Options of one part of tokenizer.json; whatever is not understood is refused by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace gorgon {

/// A JSON value and where it lies: "FILE: decoder.decoders[2]".
struct JsonPart
{
    const nlohmann::json* json = nullptr;
    std::string where;

    [[noreturn]] void refuse(const std::string& expected, const std::string& found) const;
    /// The text at "type".
    std::string type() const;
    /// A field that must be there.
    JsonPart at(const char* key) const;
    bool has(const char* key) const; // there and not null
    std::string text(const char* key) const;
    std::string text(const char* key, const std::string& otherwise) const;
    bool flag(const char* key, bool otherwise) const;
    int number(const char* key, int otherwise, int max) const; // 0 .. max
};

/// The parts that are no sequence, in order; a sequence lists its own under `list_key`. None for
/// null.
std::vector<JsonPart> flattened(const JsonPart& part, const char* list_key);

} // namespace gorgon
