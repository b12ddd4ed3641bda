// SPDX-License-Identifier: Apache-2.0
// Archives of a few tensors, and the sentence that refuses one.
#pragma once

#include <doctest/doctest.h>

#include "core/model/tensor_file.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/torch_writer.h"

namespace gorgon::tests {

inline const std::vector<WrittenTensor> kTensors
    = {floatTensor("0.0.linear.weight", {4, 4}, 1), floatTensor("0.0.linear.bias", {4}, 9)};

class ArchiveFixture
{
public:
    std::string refuse(std::string_view bytes)
    {
        try {
            openTensorFile(m_folder.write("a.pt", bytes));
            return "";
        } catch (const std::runtime_error& error) {
            const std::string message = error.what();
            CHECK(message.find("a.pt: ") != std::string::npos);
            CHECK(message.find('\n') == std::string::npos);
            return message;
        }
    }
    std::string refusePickle(const std::string& instructions)
    {
        return refuse(torchOfPickle("\x80\x02" + instructions));
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

/// One tensor "w" in a dictionary.
inline std::string tensorPickle(const std::string& type, int64_t n_elements, int64_t offset,
    const std::vector<int64_t>& shape, const std::vector<int64_t>& strides)
{
    return PickleWriter()
        .raw("}(")
        .text("w")
        .tensor(type, "0", n_elements, offset, shape, strides)
        .raw("u.")
        .bytes;
}

} // namespace gorgon::tests
