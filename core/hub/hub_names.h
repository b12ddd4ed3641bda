// SPDX-License-Identifier: Apache-2.0
// One validator for every name that comes from outside. A name that passes is safe as a file name
// on POSIX and on Windows, whichever system this is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gorgon {

/// What is wrong with a name, as a clause ("it leads out of the folder"); nullopt where nothing is.
/// "name" (old repositories have no owner) or "owner/name".
std::optional<std::string> repositoryProblem(std::string_view id);
/// A branch, tag, commit or "refs/pr/1".
std::optional<std::string> revisionProblem(std::string_view revision);
/// A path within a repository, parted by '/'.
std::optional<std::string> pathProblem(std::string_view path);

/// The same as errors: HubError of kind badName.
void checkRepository(std::string_view id);
void checkRevision(std::string_view revision);
void checkPath(std::string_view path);

/// The paths of one listing: refuses two that would be one file where case does not count, and a
/// file that is also a folder. Holds each part of a path once.
class PathSet
{
public:
    std::optional<std::string> problem(std::string_view path); // adds it where there is none

    size_t nNames() const { return m_names.size(); } // files and folders

private:
    struct Name
    {
        uint32_t number = 0; // of a folder, for what lies in it; 0: a file
    };
    // In lower case, by the number of the folder that holds them; the whole is 0.
    std::map<std::pair<uint32_t, std::u32string>, Name> m_names;
};

bool isValidUtf8Text(std::string_view text);
/// 40 lower-case hexadecimal digits.
bool isCommit(std::string_view text);
/// A blob's name: 40 (git) or 64 (SHA-256) lower-case hexadecimal digits.
bool isContentHash(std::string_view text);

/// What a person pasted, taken apart.
struct HubAddress
{
    std::string repository;
    std::string revision; // empty where the address names none
    std::string path; // of a file or folder; empty for the whole repository
    std::string host; // of the address; empty for "ORG/NAME" and hf://

    bool operator==(const HubAddress&) const = default;
};

/// ORG/NAME, https://huggingface.co/ORG/NAME[/tree|resolve|blob|raw/REVISION[/PATH]], the same on
/// hf.co, on `endpoint` and without "https://", hf://ORG/NAME[@REVISION][/PATH]. nullopt where it
/// is none of these; throws HubError (badName) where it is one with an unsafe name.
std::optional<HubAddress> parseHubAddress(std::string_view text, std::string_view endpoint = {});

/// Percent-encoded for one segment of an address: '/' becomes %2F.
std::string urlSegment(std::string_view text);
/// Percent-encoded, '/' kept.
std::string urlPath(std::string_view text);

} // namespace gorgon
