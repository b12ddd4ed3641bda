// SPDX-License-Identifier: Apache-2.0
// Layout and field names after PKWARE's APPNOTE.TXT 6.3.
#include "core/model/zip_archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

constexpr uint32_t kLocalHeader = 0x04034B50;
constexpr uint32_t kDescriptor = 0x08074B50;
constexpr uint32_t kCentralHeader = 0x02014B50;
constexpr uint32_t kEnd64 = 0x06064B50;
constexpr uint32_t kEnd64Locator = 0x07064B50;
constexpr uint32_t kEnd = 0x06054B50;
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocatorBytes = 20;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kMaxDirectoryBytes = uint64_t(64) << 20;
constexpr uint16_t kHasDescriptor = 1 << 3;
constexpr uint16_t kUtf8Name = 1 << 11;
constexpr uint32_t kIn64 = 0xFFFFFFFF; // the value is in the zip64 field

uint64_t number(std::string_view bytes, size_t offset, int n)
{
    uint64_t value = 0;
    for (int i = n - 1; i >= 0; --i)
        value = value << 8 | uint8_t(bytes[offset + size_t(i)]);
    return value;
}

struct Header
{
    std::string name;
    uint16_t flags = 0;
    uint16_t method = 0;
    uint32_t crc = 0;
    uint64_t packed = 0; // bytes in the archive
    uint64_t bytes = 0; // bytes unpacked
    uint64_t offset = 0; // of the local header
    uint64_t data = 0; // of the first byte
};

class DirectoryReader
{
public:
    explicit DirectoryReader(const PlainFile& file)
        : m_file(file)
    {
    }

    std::map<std::string, ZipEntry> read()
    {
        readEnd();
        std::vector<Header> headers = readCentral();
        std::sort(headers.begin(), headers.end(),
            [](const Header& a, const Header& b) { return a.offset < b.offset; });
        std::map<std::string, ZipEntry> entries;
        for (size_t i = 0; i < headers.size(); ++i) {
            const uint64_t limit = i + 1 < headers.size() ? headers[i + 1].offset : m_directory;
            checkLocal(headers[i], limit);
            const ZipEntry entry{headers[i].data, headers[i].bytes, headers[i].crc};
            if (!entries.emplace(headers[i].name, entry).second)
                fail("the entry \"" + shown(headers[i].name) + "\" is there twice");
        }
        if (headers.empty() || headers.front().offset != 0)
            fail("the archive should begin with its first entry");
        return entries;
    }

private:
    [[noreturn]] void fail(const std::string& sentence) const
    {
        failFile(m_file.path(), "the zip archive is damaged: " + sentence);
    }

    [[noreturn]] void failEntry(const Header& header, const std::string& sentence) const
    {
        fail("the entry \"" + shown(header.name) + "\" " + sentence);
    }

    // The end record is the last thing in the file: torch writes no comment.
    void readEnd()
    {
        const uint64_t size = m_file.bytes();
        if (size < kEndBytes)
            fail("it is cut off");
        const uint64_t end = size - kEndBytes;
        const std::string record = m_file.text(end, kEndBytes);
        if (number(record, 0, 4) != kEnd || number(record, 20, 2) != 0)
            fail("its directory is not at the end; download or copy the file again");
        m_n_entries = number(record, 10, 2);
        m_directory_bytes = number(record, 12, 4);
        m_directory = number(record, 16, 4);
        const bool one_disk = number(record, 4, 2) == 0 && number(record, 6, 2) == 0
            && number(record, 8, 2) == m_n_entries;
        uint64_t directory_end = end;
        const bool has_64 = end >= kLocatorBytes + kEnd64Bytes
            && number(m_file.text(end - kLocatorBytes, 4), 0, 4) == kEnd64Locator;
        if (has_64) {
            directory_end = end - kLocatorBytes - kEnd64Bytes;
            readEnd64(directory_end, end - kLocatorBytes);
        }
        if (!one_disk)
            fail("it is one of several parts");
        if (m_directory > directory_end || m_directory_bytes != directory_end - m_directory)
            fail("its directory should take " + std::to_string(m_directory_bytes) + " bytes from "
                + std::to_string(m_directory) + ", up to byte " + std::to_string(directory_end));
        if (m_directory_bytes > kMaxDirectoryBytes
            || m_n_entries > m_directory_bytes / kCentralBytes)
            fail("its directory cannot hold " + std::to_string(m_n_entries) + " entries");
    }

    void readEnd64(uint64_t record_at, uint64_t locator_at)
    {
        const std::string locator = m_file.text(locator_at, kLocatorBytes);
        const std::string record = m_file.text(record_at, kEnd64Bytes);
        const bool is_sound = number(locator, 4, 4) == 0 && number(locator, 8, 8) == record_at
            && number(locator, 16, 4) == 1 && number(record, 0, 4) == kEnd64
            && number(record, 4, 8) == kEnd64Bytes - 12 && number(record, 16, 4) == 0
            && number(record, 20, 4) == 0 && number(record, 24, 8) == number(record, 32, 8);
        if (!is_sound)
            fail("its zip64 directory record does not fit");
        const auto widen = [&](uint64_t& value, uint64_t wide, uint64_t in_64) {
            if (value != in_64 && value != wide)
                fail("its two directory records disagree");
            value = wide;
        };
        widen(m_n_entries, number(record, 32, 8), 0xFFFF);
        widen(m_directory_bytes, number(record, 40, 8), kIn64);
        widen(m_directory, number(record, 48, 8), kIn64);
    }

    std::vector<Header> readCentral() const
    {
        const std::string text = m_file.text(m_directory, m_directory_bytes);
        std::vector<Header> headers;
        size_t at = 0;
        for (uint64_t i = 0; i < m_n_entries; ++i) {
            if (text.size() - at < kCentralBytes || number(text, at, 4) != kCentralHeader)
                fail("entry " + std::to_string(i) + " of its directory is missing");
            Header header;
            header.flags = uint16_t(number(text, at + 8, 2));
            header.method = uint16_t(number(text, at + 10, 2));
            header.crc = uint32_t(number(text, at + 16, 4));
            header.packed = number(text, at + 20, 4);
            header.bytes = number(text, at + 24, 4);
            header.offset = number(text, at + 42, 4);
            const size_t name_bytes = number(text, at + 28, 2);
            const size_t extra_bytes = number(text, at + 30, 2);
            const size_t comment_bytes = number(text, at + 32, 2);
            const uint64_t disk = number(text, at + 34, 2);
            at += kCentralBytes;
            if (text.size() - at < name_bytes + extra_bytes + comment_bytes)
                fail("entry " + std::to_string(i) + " of its directory is cut off");
            header.name = text.substr(at, name_bytes);
            readExtra(header, std::string_view(text).substr(at + name_bytes, extra_bytes), true);
            at += name_bytes + extra_bytes + comment_bytes;
            checkCentral(header, disk);
            headers.push_back(std::move(header));
        }
        if (at != text.size())
            fail("its directory is longer than its entries");
        return headers;
    }

    // Extra fields: u16 tag, u16 size, bytes. Tag 1 holds, in this order, those of the 64-bit
    // values that the header marks.
    void readExtra(Header& header, std::string_view extra, bool is_central) const
    {
        bool has_64 = false;
        for (size_t at = 0; at < extra.size();) {
            if (extra.size() - at < 4)
                failEntry(header, "has a broken extra field");
            const uint64_t tag = number(extra, at, 2);
            const size_t size = number(extra, at + 2, 2);
            if (size > extra.size() - at - 4)
                failEntry(header, "has an extra field beyond its end");
            if (tag == 1) {
                if (has_64)
                    failEntry(header, "has two zip64 fields");
                has_64 = true;
                readZip64(header, extra.substr(at + 4, size), is_central);
            }
            at += 4 + size;
        }
        if (!has_64 && (header.bytes == kIn64 || header.packed == kIn64 || header.offset == kIn64))
            failEntry(header, "lacks its zip64 field");
    }

    void readZip64(Header& header, std::string_view field, bool is_central) const
    {
        size_t at = 0;
        const auto take = [&](uint64_t& value) {
            if (value != kIn64)
                return;
            if (field.size() - at < 8)
                failEntry(header, "has a zip64 field that is too short");
            value = number(field, at, 8);
            at += 8;
        };
        take(header.bytes);
        take(header.packed);
        if (is_central)
            take(header.offset);
    }

    void checkCentral(const Header& header, uint64_t disk) const
    {
        if ((header.flags & ~(kHasDescriptor | kUtf8Name)) != 0)
            failEntry(header, "is encrypted or has unknown flags");
        if (header.method != 0)
            failFile(m_file.path(),
                "this is a compressed zip archive (the entry \"" + shown(header.name)
                    + "\"), torch stores without compression; unpack it and give the files, or "
                      "save "
                      "the weights again with torch");
        if (header.packed != header.bytes)
            failEntry(header, "has two sizes");
        if (disk != 0)
            failEntry(header, "lies in another part");
        if (!isSafeName(header.name))
            fail("the name \"" + shown(header.name) + "\" of an entry is not allowed");
    }

    static bool isSafeName(const std::string& name)
    {
        if (name.empty() || name.front() == '/' || name.find('\\') != std::string::npos
            || name.find('\0') != std::string::npos || !isValidUtf8(name))
            return false;
        const std::string padded = "/" + name + "/";
        return padded.find("/../") == std::string::npos && padded.find("/./") == std::string::npos;
    }

    // `limit`: where the next local header or the directory begins.
    void checkLocal(Header& header, uint64_t limit) const
    {
        if (header.offset > limit || limit - header.offset < kLocalBytes)
            failEntry(header, "overlaps another or the directory");
        const std::string fixed = m_file.text(header.offset, kLocalBytes);
        if (number(fixed, 0, 4) != kLocalHeader)
            failEntry(header, "does not begin where the directory says");
        const uint64_t name_bytes = number(fixed, 26, 2);
        const uint64_t extra_bytes = number(fixed, 28, 2);
        if (limit - header.offset - kLocalBytes < name_bytes + extra_bytes)
            failEntry(header, "overlaps another or the directory");
        const std::string rest = m_file.text(header.offset + kLocalBytes, name_bytes + extra_bytes);

        Header local;
        local.name = rest.substr(0, name_bytes);
        local.flags = uint16_t(number(fixed, 6, 2));
        local.method = uint16_t(number(fixed, 8, 2));
        local.crc = uint32_t(number(fixed, 14, 4));
        local.packed = number(fixed, 18, 4);
        local.bytes = number(fixed, 22, 4);
        if (local.name != header.name || local.flags != header.flags
            || local.method != header.method)
            failEntry(
                header, "contradicts its own header, which says \"" + shown(local.name) + "\"");
        readExtra(local, std::string_view(rest).substr(name_bytes), false);
        // With a descriptor behind the data, the header itself may leave the three values out.
        const bool left_out = (header.flags & kHasDescriptor) != 0 && local.crc == 0
            && local.packed == 0 && local.bytes == 0;
        const bool agrees = local.crc == header.crc && local.packed == header.packed
            && local.bytes == header.bytes;
        const bool sizes_agree = (header.flags & kHasDescriptor) != 0 && local.crc == 0
            && local.packed == header.packed && local.bytes == header.bytes;
        if (!left_out && !agrees && !sizes_agree)
            failEntry(header, "contradicts its own header in size or checksum");

        header.data = header.offset + kLocalBytes + name_bytes + extra_bytes;
        if (header.bytes > limit - header.data)
            failEntry(header, "overlaps another or the directory");
        checkDescriptor(header, limit - header.data - header.bytes);
    }

    // Behind the data lies nothing, or the descriptor: signature, crc, two sizes of 32 or of 64
    // bits.
    void checkDescriptor(const Header& header, uint64_t gap) const
    {
        if ((header.flags & kHasDescriptor) == 0) {
            if (gap != 0)
                failEntry(header, "is followed by bytes that belong to no entry");
            return;
        }
        if (gap != 16 && gap != 24)
            failEntry(header, "lacks its descriptor");
        const std::string text = m_file.text(header.data + header.bytes, gap);
        const int width = gap == 16 ? 4 : 8;
        if (number(text, 0, 4) != kDescriptor || number(text, 4, 4) != header.crc
            || number(text, 8, width) != header.bytes
            || number(text, size_t(8 + width), width) != header.bytes)
            failEntry(header, "contradicts its descriptor");
    }

    const PlainFile& m_file;
    uint64_t m_n_entries = 0;
    uint64_t m_directory = 0; // offset of the central directory
    uint64_t m_directory_bytes = 0;
};

// Eight tables: eight bytes per turn   (Kounavis and Berry 2005, slicing by 8)
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

constexpr CrcTables makeCrcTables()
{
    CrcTables tables = {};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = value >> 1 ^ (value & 1 ? 0xEDB88320 : 0);
        tables[0][i] = value;
    }
    for (size_t k = 1; k < 8; ++k)
        for (size_t i = 0; i < 256; ++i)
            tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 255];
    return tables;
}

uint32_t addToCrc(uint32_t crc, std::span<const std::byte> bytes)
{
    static constexpr CrcTables t = makeCrcTables();
    crc = ~crc;
    size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, &bytes[i], 8);
        word ^= crc;
        crc = t[7][word & 255] ^ t[6][word >> 8 & 255] ^ t[5][word >> 16 & 255]
            ^ t[4][word >> 24 & 255] ^ t[3][word >> 32 & 255] ^ t[2][word >> 40 & 255]
            ^ t[1][word >> 48 & 255] ^ t[0][word >> 56];
    }
    for (; i < bytes.size(); ++i)
        crc = crc >> 8 ^ t[0][(crc ^ uint32_t(bytes[i])) & 255];
    return ~crc;
}

} // namespace

std::map<std::string, ZipEntry> readZipDirectory(const PlainFile& file)
{
    return DirectoryReader(file).read();
}

void checkZipEntry(const PlainFile& file, const std::string& name, const ZipEntry& entry)
{
    std::vector<std::byte> block(std::min<uint64_t>(entry.bytes, uint64_t(1) << 20));
    uint32_t crc = 0;
    for (uint64_t done = 0; done < entry.bytes;) {
        const std::span part(
            block.data(), size_t(std::min<uint64_t>(block.size(), entry.bytes - done)));
        file.read(entry.offset + done, part);
        crc = addToCrc(crc, part);
        done += part.size();
    }
    if (crc != entry.crc)
        failFile(file.path(),
            "the entry \"" + shown(name)
                + "\" does not have its checksum; the file is damaged, download or copy it again");
}

} // namespace gorgon
