// SPDX-License-Identifier: Apache-2.0
// Input: a safetensors file. Its first eight bytes are the header's length; where they are not,
// they are put right, so that most inputs reach the header.
#include "core/model/safetensors.h"

#include <stdexcept>

#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/read_everything.h"
#include "tests/support/safetensors_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

void openBytes(std::string_view bytes)
{
    const MemoryFile file(bytes);
    try {
        readEverything(*openSafetensors(PlainFile(file.path())));
    } catch (const std::runtime_error&) {
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    openBytes(bytes);
    if (size > 8) {
        const size_t header = std::min(size - 8, bytes.rfind('}') - 7);
        openBytes(littleEndian(header, 8) + std::string(bytes.substr(8)));
    }
    return 0;
}
