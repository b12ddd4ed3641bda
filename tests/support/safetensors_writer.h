// SPDX-License-Identifier: Apache-2.0
// Bytes of safetensors files, sound ones and any others.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon::tests {

struct WrittenTensor
{
    std::string name;
    std::string dtype;
    std::vector<int64_t> shape;
    std::string bytes;
};

inline std::string littleEndian(uint64_t value, int n)
{
    std::string result;
    for (int i = 0; i < n; ++i)
        result += i < 8 ? char(value >> (8 * i) & 255) : '\0';
    return result;
}

/// A file of this header, whatever it is, and these bytes behind it.
inline std::string safetensorsOf(std::string_view header, std::string_view data)
{
    return littleEndian(header.size(), 8) + std::string(header) + std::string(data);
}

inline std::string safetensorsOf(const std::vector<WrittenTensor>& tensors)
{
    std::string header = "{";
    std::string data;
    for (const WrittenTensor& tensor : tensors) {
        std::string shape;
        for (const int64_t size : tensor.shape)
            shape += (shape.empty() ? "" : ",") + std::to_string(size);
        header += (header.size() > 1 ? ",\"" : "\"") + tensor.name + "\":{\"dtype\":\""
            + tensor.dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":["
            + std::to_string(data.size()) + "," + std::to_string(data.size() + tensor.bytes.size())
            + "]}";
        data += tensor.bytes;
    }
    return safetensorsOf(header + "}", data);
}

/// An f32 tensor whose element i is `first` + i / 64.
inline WrittenTensor floatTensor(
    const std::string& name, const std::vector<int64_t>& shape, float first = 0)
{
    const auto n
        = size_t(std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>()));
    WrittenTensor tensor{name, "F32", shape, std::string(n * 4, '\0')};
    for (size_t i = 0; i < n; ++i) {
        const float value = first + float(i) / 64;
        std::memcpy(&tensor.bytes[i * 4], &value, 4);
    }
    return tensor;
}

} // namespace gorgon::tests
