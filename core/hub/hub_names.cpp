// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

constexpr size_t kMaxComponent = 255; // bytes, of every usual file system
constexpr size_t kMaxPath = 1024;
constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxRepositoryName = 96; // the hub's own limit

bool isAsciiLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// The character at the front of valid UTF-8 and its length.
std::pair<uint32_t, size_t> firstCharacter(std::string_view text)
{
    const auto byte = [&](size_t i) { return uint32_t(static_cast<unsigned char>(text[i])); };
    if (byte(0) < 0x80)
        return {byte(0), 1};
    if (byte(0) < 0xE0)
        return {(byte(0) & 31) << 6 | (byte(1) & 63), 2};
    if (byte(0) < 0xF0)
        return {(byte(0) & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63), 3};
    return {(byte(0) & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63), 4};
}

/// Of Latin, Greek and Cyrillic letters; file systems that ignore case fold at least these.
uint32_t lowerCase(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)
        || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    const bool even_first = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)
        || (c >= 0x460 && c <= 0x481) || (c >= 0x1E00 && c <= 0x1E95);
    return even_first ? c | 1 : c;
}

std::u32string foldedCase(std::string_view text)
{
    std::u32string result;
    while (!text.empty()) {
        const auto [character, n] = firstCharacter(text);
        result += char32_t(lowerCase(character));
        text.remove_prefix(n);
    }
    return result;
}

/// Windows gives these names to devices in every folder, whatever follows a dot.
bool isDeviceName(std::string_view component)
{
    std::string stem(component.substr(0, component.find('.')));
    while (!stem.empty() && stem.back() == ' ')
        stem.pop_back();
    for (char& c : stem)
        if (c >= 'a' && c <= 'z')
            c = char(c - 32);
    static constexpr std::array<std::string_view, 7> kNames
        = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
    if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end())
        return true;
    if (!stem.starts_with("COM") && !stem.starts_with("LPT"))
        return false;
    const std::string_view number = std::string_view(stem).substr(3);
    return (number.size() == 1 && isDigit(number[0])) || number == "\xC2\xB9"
        || number == "\xC2\xB2"
        || number == "\xC2\xB3"; // superscript 1, 2, 3 count as digits there
}

std::optional<std::string> componentProblem(std::string_view component)
{
    if (component.empty())
        return "it has an empty part";
    if (component == "." || component == "..")
        return "it leads out of its folder";
    if (component.size() > kMaxComponent)
        return "a part is longer than 255 bytes";
    for (size_t i = 0; i < component.size(); ++i) {
        const auto c = static_cast<unsigned char>(component[i]);
        if (c < 0x20 || c == 0x7F)
            return "it holds a control character";
        if (c == 0xC2 && static_cast<unsigned char>(component[i + 1]) < 0xA0)
            return "it holds a control character";
        if (c == '\\')
            return "it holds a backslash";
        if (c == ':')
            return "it holds a colon";
        if (std::string_view("<>\"|?*").find(char(c)) != std::string_view::npos)
            return std::string("it holds the character ") + char(c);
    }
    if (component.back() == '.' || component.back() == ' ')
        return "a part ends in a dot or a blank";
    if (isDeviceName(component))
        return "a part is the name of a device";
    return std::nullopt;
}

[[noreturn]] void refuse(const char* what, std::string_view name, const std::string& problem)
{
    throw HubError(HubErrorKind::badName,
        std::string(what) + " \"" + printable(name) + "\": a safe name was expected, but " + problem
            + "; check the name");
}

} // namespace

bool isValidUtf8Text(std::string_view text)
{
    for (size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        const size_t n = c < 0x80   ? 1
            : c >= 0xC2 && c < 0xE0 ? 2
            : c >= 0xE0 && c < 0xF0 ? 3
            : c >= 0xF0 && c < 0xF5 ? 4
                                    : 0;
        if (n == 0 || i + n > text.size())
            return false;
        for (size_t k = 1; k < n; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80)
                return false;
        const uint32_t character = firstCharacter(text.substr(i)).first;
        const bool is_overlong = (n == 3 && character < 0x800) || (n == 4 && character < 0x10000);
        if (is_overlong || (character >= 0xD800 && character < 0xE000) || character > 0x10FFFF)
            return false;
        i += n;
    }
    return true;
}

std::optional<std::string> repositoryProblem(std::string_view id)
{
    const size_t slash = id.find('/');
    const std::array<std::string_view, 2> names
        = {id.substr(0, slash), slash == id.npos ? "x" : id.substr(slash + 1)};
    for (const std::string_view name : names) {
        if (name.empty())
            return "NAME or OWNER/NAME has an empty part";
        if (name.size() > kMaxRepositoryName)
            return "a part is longer than 96 characters";
        for (const char c : name)
            if (!isAsciiLetter(c) && !isDigit(c) && c != '-' && c != '_' && c != '.')
                return "only letters, digits, -, _ and . may stand in it, once parted by /";
        if (name.front() == '.' || name.front() == '-' || name.back() == '.' || name.back() == '-')
            return "a part begins or ends with a dot or a dash";
        // note: "--" parts owner and name in the cache's folder names.
        if (name.find("--") != name.npos || name.find("..") != name.npos)
            return "it holds two dots or dashes in a row";
        if (name.ends_with(".git"))
            return "it ends in .git";
    }
    return std::nullopt;
}

std::optional<std::string> pathProblem(std::string_view path)
{
    if (path.empty())
        return "it is empty";
    if (path.size() > kMaxPath)
        return "it is longer than 1024 bytes";
    if (!isValidUtf8Text(path))
        return "it is not valid UTF-8";
    if (path.front() == '/')
        return "it does not lie within a folder";
    size_t n_components = 0;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        if (auto problem = componentProblem(path.substr(begin, end - begin)))
            return problem;
        if (++n_components > kMaxDepth)
            return "it nests deeper than 32 folders";
        begin = end + 1;
    }
    return std::nullopt;
}

std::optional<std::string> revisionProblem(std::string_view revision)
{
    if (revision.size() > kMaxComponent)
        return "it is longer than 255 bytes";
    if (auto problem = pathProblem(revision))
        return problem;
    for (const std::string_view never : {"..", "@{", " ", "~", "^", "["})
        if (revision.find(never) != revision.npos)
            return "it holds \"" + std::string(never) + "\"";
    if (revision.front() == '-' || revision.ends_with(".lock"))
        return "no branch or tag can have such a name";
    return std::nullopt;
}

void checkRepository(std::string_view id)
{
    if (const auto problem = repositoryProblem(id))
        refuse("repository", id, *problem);
}

void checkRevision(std::string_view revision)
{
    if (const auto problem = revisionProblem(revision))
        refuse("revision", revision, *problem);
}

void checkPath(std::string_view path)
{
    if (const auto problem = pathProblem(path))
        refuse("file", path, *problem);
}

std::optional<std::string> PathSet::problem(std::string_view path)
{
    if (auto unsafe = pathProblem(path))
        return unsafe;
    // What is there of it, then what is added: a path that is refused leaves nothing behind.
    std::vector<std::pair<uint32_t, std::u32string>> parts;
    uint32_t folder = 0;
    bool is_known = true; // all parts so far
    for (size_t begin = 0; begin < path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        parts.emplace_back(folder, foldedCase(path.substr(begin, end - begin)));
        begin = end + 1;
        const auto found = is_known ? m_names.find(parts.back()) : m_names.end();
        is_known = found != m_names.end();
        if (is_known && begin > path.size())
            return "another name differs from it in case alone, or is a folder of that name";
        if (is_known && found->second.number == 0)
            return "a part of it is the name of a file";
        folder = is_known ? found->second.number : 0;
    }
    for (size_t i = 0; i < parts.size(); ++i) {
        const bool is_file = i + 1 == parts.size();
        if (i > 0)
            parts[i].first = folder;
        const auto number = uint32_t(m_names.size() + 1);
        const auto at = m_names.try_emplace(parts[i], Name{is_file ? 0 : number}).first;
        folder = at->second.number;
    }
    return std::nullopt;
}

namespace {

bool isLowerHex(std::string_view text)
{
    return std::all_of(
        text.begin(), text.end(), [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); });
}

} // namespace

bool isCommit(std::string_view text)
{
    return text.size() == 40 && isLowerHex(text);
}

bool isContentHash(std::string_view text)
{
    return (text.size() == 40 || text.size() == 64) && isLowerHex(text);
}

} // namespace gorgon
