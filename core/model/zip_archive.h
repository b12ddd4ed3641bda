// SPDX-License-Identifier: Apache-2.0
// The zip container of torch archives: stored entries only, every statement that is made twice must
// agree.
#pragma once

#include <map>
#include <string>

#include "core/model/plain_file.h"

namespace gorgon {

struct ZipEntry
{
    uint64_t offset = 0; // of its bytes in the file
    uint64_t bytes = 0;
    uint32_t crc = 0;
};

/// Reads the directory. Throws std::runtime_error where it is damaged, compressed, encrypted or
/// contradicts the entries' own headers, or where bytes of the file belong to no entry or to two.
std::map<std::string, ZipEntry> readZipDirectory(const PlainFile& file);

/// Throws std::runtime_error where the bytes of the entry do not have its checksum.
void checkZipEntry(const PlainFile& file, const std::string& name, const ZipEntry& entry);

} // namespace gorgon
