// SPDX-License-Identifier: Apache-2.0
#include "core/store/database_file.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include <sqlite3.h>

#include "core/store/recover.h"
#include "core/store/schema.h"

namespace gorgon {

namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr int kOpeningTimeoutMs = 60'000; // another program checks or recovers a large file

struct Damaged
{
    std::string reason;
};

std::filesystem::path beside(const std::filesystem::path& file, const char* ending)
{
    std::filesystem::path path = file;
    path += ending;
    return path;
}

uint64_t sizeOf(const std::filesystem::path& file)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

bool isDamage(int code)
{
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT
        || code == SQLITE_ERROR || code == SQLITE_SCHEMA || code == SQLITE_MISMATCH;
}

/// A file that only its owner reads, since conversations are private.
void createFile(const std::filesystem::path& file)
{
    std::error_code error;
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (!std::filesystem::exists(folder, error)) {
        std::filesystem::create_directories(folder, error);
        if (error)
            throw std::runtime_error(folder.string()
                + ": expected to create this folder for the conversations, found \""
                + error.message() + "\"; make it writable or choose another place");
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    if (!std::ofstream(file, std::ios::app))
        throw std::runtime_error(file.string()
            + ": expected to create this file for the conversations, found that its folder cannot "
              "be written; "
              "make it writable or choose another place");
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
}

/// SQLite's file name with the promise that nobody changes the file meanwhile: needs no write
/// access to the folder.
std::string immutableName(const std::filesystem::path& file)
{
    std::string name = "file:";
    for (const char c : std::filesystem::absolute(file).string()) {
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, "%%%02X", unsigned(uint8_t(c)));
        name += c == '/' ? "/" : escaped;
    }
    return name + "?immutable=1";
}

std::unique_ptr<SQLite::Database> openReadOnly(const std::filesystem::path& file)
{
    try {
        auto database = std::make_unique<SQLite::Database>(
            file.string(), SQLite::OPEN_READONLY, kBusyTimeoutMs);
        database->execAndGet("SELECT count(*) FROM sqlite_master");
        return database;
    } catch (const SQLite::Exception& error) {
        if (isDamage(error.getErrorCode()) || sizeOf(beside(file, "-wal")) > 0)
            throw;
    }
    return std::make_unique<SQLite::Database>(
        immutableName(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI, kBusyTimeoutMs);
}

/// Throws Damaged where the structure is not sound.
void check(SQLite::Database& database)
{
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    const std::string result = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (result != "ok")
        throw Damaged{result};
    const int version = storedVersion(database);
    if (version < 0)
        throw Damaged{"its version is negative"};
    if (version == 0 && database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0)
        throw Damaged{"it holds other tables than conversations"};
    if (version == schemaVersion())
        probeSchema(database);
}

/// Whether closing leaves the log as it is: that of a damaged file must stay.
void keepLog(SQLite::Database& database, bool keep)
{
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(keep), nullptr);
}

/// Throws Damaged or SQLite::Exception.
void openChecked(DatabaseFile& opened, const std::filesystem::path& file)
{
    try {
        opened.database = std::make_unique<SQLite::Database>(
            file.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
        keepLog(*opened.database, true);
        check(*opened.database);
        keepLog(*opened.database, false);
        opened.read_only = sqlite3_db_readonly(opened.database->getHandle(), "main") == 1;
    } catch (const SQLite::Exception& error) {
        if (isDamage(error.getErrorCode()))
            throw Damaged{error.what()};
        const int code = error.getErrorCode();
        if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY && code != SQLITE_PERM)
            throw;
        opened.read_only = true;
    }
    if (opened.read_only) {
        try {
            opened.database = openReadOnly(file);
            check(*opened.database);
        } catch (const SQLite::Exception& error) {
            if (isDamage(error.getErrorCode()))
                throw Damaged{error.what()};
            throw;
        }
        opened.notice = file.string()
            + " cannot be written to: opened for reading only, nothing new is kept.";
        return;
    }
    const int version = storedVersion(*opened.database);
    if (version > schemaVersion()) {
        opened.database = openReadOnly(file);
        opened.read_only = true;
        opened.notice = file.string() + " was written by a newer Gorgon (version "
            + std::to_string(version) + ", this one knows " + std::to_string(schemaVersion())
            + "): opened for reading only, nothing new is kept.";
    }
}

/// The new name of the file. What lies beside it goes with it under matching names.
std::filesystem::path moveAside(const std::filesystem::path& file)
{
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, ".damaged-%Y%m%dT%H%M%SZ", &utc);
    constexpr const char* kEndings[] = {"", "-wal", "-shm", "-journal"};
    for (int attempt = 0;; attempt++) {
        const std::filesystem::path target = beside(
            file, (stamp + (attempt ? "-" + std::to_string(attempt) : std::string())).c_str());
        bool taken = false;
        for (const char* ending : kEndings)
            taken = taken || std::filesystem::exists(beside(target, ending));
        if (taken)
            continue;
        for (const char* ending : kEndings) {
            if (std::filesystem::exists(beside(file, ending)))
                std::filesystem::rename(beside(file, ending), beside(target, ending));
        }
        return target;
    }
}

void replaceDamaged(
    DatabaseFile& opened, const std::filesystem::path& file, const std::string& reason)
{
    opened.database.reset();
    opened.read_only = false;
    const std::string damage
        = file.string() + ": expected conversations, found damage (" + reason + ")";
    if (opened.lock.held() && !opened.lock.sole())
        throw std::runtime_error(
            damage + " while another program has the file open; close that one first");
    const std::filesystem::path fresh = beside(file, ".recovering");
    std::filesystem::path aside;
    Recovered recovered;
    try {
        std::filesystem::remove(fresh);
        createFile(fresh);
        {
            SQLite::Database database(fresh.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
            migrate(database, fresh, schemaSteps());
            if (sizeOf(file) > 0)
                recovered = recoverInto(database, file);
        }
        aside = moveAside(file);
        std::filesystem::rename(fresh, file);
    } catch (const SQLite::Exception& error) {
        throw std::runtime_error(
            damage + " and could not copy what is readable: " + storeProblem(fresh, error));
    } catch (const std::exception&) {
        throw std::runtime_error(damage
            + " in a folder that cannot be written to, so it could not be moved aside; make it "
              "writable");
    }
    opened.database
        = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
    opened.notice = file.string() + " was damaged (" + reason + "): it was moved to "
        + aside.filename().string() + ", and " + std::to_string(recovered.conversations)
        + " conversations with " + std::to_string(recovered.messages)
        + " messages could be read from it.";
}

} // namespace

std::string storeProblem(const std::filesystem::path& file, const SQLite::Exception& error)
{
    const std::string start = file.string() + ": expected to reach the conversations, found ";
    switch (error.getErrorCode()) {
    case SQLITE_FULL:
        return start + "the disk full; free some space and try again";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return start + "another program writing to them; try again";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return start + "that the file or its folder cannot be written to; change its permissions";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return start
            + "the file damaged; start again, it is then moved aside and what can be read is kept";
    case SQLITE_TOOBIG:
        return start + "a text of more than 1 GB; shorten it";
    case SQLITE_IOERR:
        return start + "a read or write error of the disk (" + error.what() + "); check the disk";
    default:
        return start + "\"" + error.what() + "\"; start again";
    }
}

DatabaseFile openDatabaseFile(const std::filesystem::path& file)
{
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    const bool exists = std::filesystem::exists(status);
    if (exists && !std::filesystem::is_regular_file(status))
        throw std::runtime_error(file.string()
            + ": expected a file with conversations, found something else; move it away");
    DatabaseFile opened;
    const bool main_lost = sizeOf(file) == 0 && sizeOf(beside(file, "-wal")) > 0;
    if (!exists && !main_lost)
        createFile(file);
    try {
        opened.lock = FileLock::take(beside(file, ".lock"), kOpeningTimeoutMs);
        try {
            if (sizeOf(file) == 0 && sizeOf(beside(file, "-wal")) > 0)
                throw Damaged{
                    "the main file is lost, its log is left"}; // SQLite would delete the log
            openChecked(opened, file);
        } catch (const Damaged& damaged) {
            replaceDamaged(opened, file, damaged.reason);
        }
        if (opened.read_only) {
            if (storedVersion(*opened.database) < schemaVersion())
                throw std::runtime_error(file.string()
                    + ": expected to bring older conversations to this version, found that the "
                      "file or its folder "
                      "cannot be written to; change its permissions");
            return opened;
        }
        SQLite::Database& database = *opened.database;
        database.exec("PRAGMA journal_mode = WAL");
        database.exec(
            "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;"
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
        migrate(database, file, schemaSteps());
        if (opened.lock.sole()) {
            // Nobody else is writing an answer.
            if (database.execAndGet("SELECT count(*) FROM messages WHERE state = 1").getInt() > 0)
                database.exec("UPDATE messages SET state = 3 WHERE state = 1");
            opened.lock.share();
        }
    } catch (const SQLite::Exception& problem) {
        throw std::runtime_error(storeProblem(file, problem));
    }
    return opened;
}

} // namespace gorgon
