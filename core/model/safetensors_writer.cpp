// SPDX-License-Identifier: Apache-2.0
#include "core/model/safetensors_writer.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/model/new_file.h"
#include "core/model/stored_values.h"

namespace gorgon {

namespace {

/// Wider elements first, then by name: every tensor begins at a multiple of its element's size, as
/// the format's own library writes it.
void sortForAlignment(std::vector<OutputTensor>& tensors)
{
    std::sort(tensors.begin(), tensors.end(), [](const OutputTensor& a, const OutputTensor& b) {
        const uint64_t size_a = elementBytes(a.from.info->dtype);
        const uint64_t size_b = elementBytes(b.from.info->dtype);
        return size_a != size_b ? size_a > size_b : a.name < b.name;
    });
}

std::string headerOf(const std::vector<OutputTensor>& tensors)
{
    std::string text = R"({"__metadata__":{"format":"pt"})"; // transformers asks for it
    uint64_t at = 0;
    for (const OutputTensor& tensor : tensors) {
        const nlohmann::ordered_json info = {{"dtype", tensor.from.info->dtype},
            {"shape", tensor.shape()}, {"data_offsets", {at, at + tensor.bytes()}}};
        text += "," + nlohmann::json(tensor.name).dump() + ":" + info.dump();
        at += tensor.bytes();
    }
    text += "}";
    text.resize((text.size() + 7) / 8 * 8, ' ');
    std::string length(8, '\0');
    for (size_t i = 0; i < 8; ++i)
        length[i] = char(uint64_t(text.size()) >> (8 * i) & 255);
    return length + text;
}

void writeZeros(NewFile& file, uint64_t bytes)
{
    const std::vector<std::byte> block(size_t(std::min<uint64_t>(bytes, 1 << 20)));
    for (uint64_t left = bytes; left > 0; left -= std::min<uint64_t>(left, block.size()))
        file.write(std::span(block).first(size_t(std::min<uint64_t>(left, block.size()))));
}

} // namespace

const std::vector<int64_t>& OutputTensor::shape() const
{
    return zeros.empty() ? from.info->shape : zeros;
}

uint64_t OutputTensor::bytes() const
{
    uint64_t count = 0;
    if (zeros.empty() || !elementCount(zeros, count))
        return from.info->bytes;
    return count * elementBytes(from.info->dtype);
}

uint64_t totalBytes(const std::vector<OutputTensor>& tensors)
{
    uint64_t result = 0;
    for (const OutputTensor& tensor : tensors)
        result += tensor.bytes();
    return result;
}

void writeSafetensors(const std::filesystem::path& path, std::vector<OutputTensor> tensors,
    const std::function<void(uint64_t)>& on_bytes, const std::stop_token& stop)
{
    sortForAlignment(tensors);
    NewFile file(path);
    file.write(headerOf(tensors));
    for (const OutputTensor& tensor : tensors) {
        if (!tensor.zeros.empty()) {
            writeZeros(file, tensor.bytes());
            continue;
        }
        forEachBlock(
            tensor.from,
            [&](std::span<const std::byte> block) {
                file.write(block);
                if (on_bytes)
                    on_bytes(block.size());
            },
            stop);
    }
    file.close();
}

} // namespace gorgon
