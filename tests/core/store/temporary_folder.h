// SPDX-License-Identifier: Apache-2.0
// A folder that goes with the test, a random source whose seed is printed, and whole files.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdlib.h>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace gorgon::tests {

class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        std::string name
            = (std::filesystem::temp_directory_path() / "gorgon-store-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        m_path = name;
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

/// Run again with SEED=n to repeat a failure.
inline std::mt19937_64 seededRandom()
{
    const char* given = std::getenv("SEED");
    const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
    MESSAGE("SEED=" << seed);
    return std::mt19937_64(seed);
}

inline std::string readFile(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline void writeFile(const std::filesystem::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// Another program's view of the file.
inline void execSql(const std::filesystem::path& file, const std::string& sql)
{
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000).exec(sql);
}

inline std::string querySql(const std::filesystem::path& file, const std::string& sql)
{
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, 5000);
    return database.execAndGet(sql).getString();
}

} // namespace gorgon::tests
