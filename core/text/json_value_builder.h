// SPDX-License-Identifier: Apache-2.0
// Builds a JSON value from the events of a SAX parser.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace gorgon {

class JsonValueBuilder
{
public:
    /// The next value goes here.
    void start(nlohmann::json& root)
    {
        m_open.clear();
        m_target = &root;
    }
    bool isOpen() const { return !m_open.empty(); }
    /// False where the object has that key already.
    bool key(const std::string& text)
    {
        if (m_open.back()->contains(text))
            return false;
        m_target = &(*m_open.back())[text];
        return true;
    }
    void value(nlohmann::json json) { place(std::move(json)); }
    void open(nlohmann::json empty)
    {
        nlohmann::json* placed = place(std::move(empty));
        m_open.push_back(placed);
    }
    void close() { m_open.pop_back(); }

private:
    nlohmann::json* place(nlohmann::json json)
    {
        if (!m_open.empty() && m_open.back()->is_array()) {
            m_open.back()->push_back(std::move(json));
            return &m_open.back()->back();
        }
        *m_target = std::move(json);
        return m_target;
    }

    // Only the innermost container grows, so pointers to the outer ones stay.
    std::vector<nlohmann::json*> m_open;
    nlohmann::json* m_target = nullptr;
};

} // namespace gorgon
