// SPDX-License-Identifier: Apache-2.0
// Text whose bytes know where they came from, through every operation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon::jinja {

/// Where text came from: the content of message i >= 0, the template itself, or any other value
/// that was handed in (tools, variables). Only the template's own text may become control tokens.
inline constexpr int kFromTemplate = -1;
inline constexpr int kFromVariables = -2;

/// Of what is made of two: never the template's where one of them is not.
inline int mixedSource(int a, int b)
{
    return a == kFromTemplate ? b : a;
}

struct Run
{
    std::size_t end = 0; // byte behind its last
    int source = kFromTemplate;
};

class Text
{
public:
    Text() = default;
    explicit Text(std::string bytes, int source = kFromTemplate);

    const std::string& bytes() const { return m_bytes; }
    std::size_t size() const { return m_bytes.size(); }
    bool empty() const { return m_bytes.empty(); }
    /// In order, without gaps; neighbours differ in their source.
    const std::vector<Run>& runs() const { return m_runs; }
    /// Of bytes [begin, end): the template's only where all of them are.
    int sourceOf(std::size_t begin, std::size_t end) const;
    /// Of the whole.
    int source() const { return sourceOf(0, size()); }

    void append(std::string_view bytes, int source);
    void append(const Text& other) { append(other, 0, other.size()); }
    void append(const Text& other, std::size_t begin, std::size_t end);
    Text slice(std::size_t begin, std::size_t end) const;
    void reserve(std::size_t bytes) { m_bytes.reserve(bytes); }

private:
    std::size_t runAt(std::size_t byte) const;

    std::string m_bytes;
    std::vector<Run> m_runs;
};

} // namespace gorgon::jinja
