// SPDX-License-Identifier: Apache-2.0
// Input: a zip archive where it begins like one, else the pickle of a sound archive of two
// storages.
#include "core/model/torch_archive.h"

#include <stdexcept>

#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/read_everything.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::string storage(64, '\0');
    const MemoryFile file(bytes.starts_with("PK")
            ? bytes
            : zipOf({zipPart("a/data.pkl", bytes), zipPart("a/data/0", storage),
                zipPart("a/data/1", storage)}));
    try {
        readEverything(*openTorchArchive(PlainFile(file.path())));
    } catch (const std::runtime_error&) {
    }
    return 0;
}
