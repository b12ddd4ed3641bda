// SPDX-License-Identifier: Apache-2.0
// The straight way to read a sound safetensors file, to compare the careful reader with.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "fake_backend.h"

namespace gorgon::tests {

class PlainSafetensors
{
public:
    explicit PlainSafetensors(const std::filesystem::path& path)
    {
        std::ifstream in(path, std::ios::binary);
        m_bytes.assign(std::istreambuf_iterator<char>(in), {});
        uint64_t n = 0;
        std::memcpy(&n, m_bytes.data(), 8);
        m_header = nlohmann::json::parse(m_bytes.substr(8, n));
        m_data = 8 + n;
    }

    bool has(const std::string& name) const { return m_header.contains(name); }

    std::vector<float> values(const std::string& name) const
    {
        const auto& tensor = m_header.at(name);
        const size_t begin = m_data + tensor.at("data_offsets").at(0).get<size_t>();
        const size_t end = m_data + tensor.at("data_offsets").at(1).get<size_t>();
        const std::string dtype = tensor.at("dtype");
        std::vector<float> result;
        for (size_t at = begin; at < end; at += dtype == "F32" ? 4 : 2) {
            float value = 0;
            uint16_t half = 0;
            if (dtype == "F32")
                std::memcpy(&value, &m_bytes[at], 4);
            else
                std::memcpy(&half, &m_bytes[at], 2);
            if (dtype == "BF16")
                value = std::bit_cast<float>(uint32_t(half) << 16);
            if (dtype == "F16")
                value = halfValue(half);
            result.push_back(value);
        }
        return result;
    }

private:
    std::string m_bytes;
    nlohmann::json m_header;
    size_t m_data = 0;
};

} // namespace gorgon::tests
