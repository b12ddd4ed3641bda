// SPDX-License-Identifier: Apache-2.0
// Lines of a report: a label and a value, in two columns.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/inspect.h"

namespace gorgon {

class ReportLines
{
public:
    void add(const std::string& label, const std::string& value)
    {
        constexpr size_t kColumn = 14;
        m_text += label + std::string(label.size() < kColumn ? kColumn - label.size() : 1, ' ')
            + value + "\n";
    }
    std::string take() { return std::move(m_text); }

private:
    std::string m_text;
};

/// "6.74 billion".
std::string countText(uint64_t count);
/// "BF16 6.74 billion, F32 12".
std::string typesText(const std::map<std::string, uint64_t>& dtypes);
/// "12 NaN, none infinite".
std::string unsoundText(const UnsoundValues& values);

void addHeadsLines(ReportLines& lines, const HeadsReport& heads);
nlohmann::json headsJson(const HeadsReport& heads);
nlohmann::json unsoundJson(const std::optional<UnsoundValues>& values);

} // namespace gorgon
