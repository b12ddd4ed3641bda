// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/model/file_error.h"
#include "core/model/packed_view.h"
#include "kernels/cpu/convert.h"

namespace gorgon {

namespace {

class Fp8 final : public PackedMatrix
{
public:
    Fp8(const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config)
        : m_weights(checkpoint.find(name + ".weight"))
    {
        m_scales = checkpoint.find(name + ".weight_scale_inv");
        if (!m_scales)
            m_scales = checkpoint.find(name + ".weight_scale");
        if (!m_scales)
            failFile(m_weights.file->path(),
                "the tensor " + shown(name + ".weight_scale")
                    + " was expected beside the fp8 weights, it is missing");
        n_out = m_weights.info->shape[0];
        n_in = m_weights.info->shape[1];
        const std::string& dtype = m_scales.info->dtype;
        const std::vector<int64_t>& shape = m_scales.info->shape;
        const std::vector<int64_t> blocks = {(n_out + config.block_rows - 1) / config.block_rows,
            (n_in + config.block_cols - 1) / config.block_cols};
        uint64_t n_scales = 0;
        elementCount(shape, n_scales);
        if (n_scales == 1) {
            m_rows_of_scale = std::max<int64_t>(n_out, 1);
            m_cols_of_scale = std::max<int64_t>(n_in, 1);
        } else if (shape == std::vector<int64_t>{n_out} || shape == std::vector<int64_t>{n_out, 1})
        {
            m_rows_of_scale = 1;
            m_cols_of_scale = std::max<int64_t>(n_in, 1);
        } else if (shape == blocks) {
            m_rows_of_scale = config.block_rows;
            m_cols_of_scale = config.block_cols;
            m_scales_beside = blocks[1];
        } else {
            failFile(m_scales.file->path(),
                "the scales of " + shown(name) + " should be one, one per row or "
                    + shapeText(blocks) + ", they are " + shapeText(shape));
        }
        if (dtype != "F32" && dtype != "BF16" && dtype != "F16")
            failFile(m_scales.file->path(),
                "the scales of " + shown(name) + " should be F32, BF16 or F16, they are " + dtype);
        stored_bytes = m_weights.info->bytes + m_scales.info->bytes;
    }

    void load() override
    {
        m_scale = readFloats(m_scales);
        for (size_t i = 0; i < m_value.size(); ++i)
            m_value[i] = floatOfE4m3(uint8_t(i));
    }
    void unload() override { m_scale = {}; }

    void rows(int64_t first, int64_t n, float* out) const override
    {
        std::vector<std::byte> row(static_cast<size_t>(n_in));
        for (int64_t o = first; o < first + n; ++o, out += n_in) {
            m_weights.file->read(*m_weights.info, uint64_t(o) * uint64_t(n_in), row);
            const float* const scales = &m_scale[size_t(o / m_rows_of_scale * m_scales_beside)];
            for (int64_t i = 0; i < n_in; ++i)
                out[i] = m_value[size_t(row[size_t(i)])] * scales[i / m_cols_of_scale];
        }
    }

private:
    StoredTensor m_weights, m_scales;
    int64_t m_rows_of_scale = 1;
    int64_t m_cols_of_scale = 1;
    int64_t m_scales_beside = 1;
    std::vector<float> m_scale;
    std::array<float, 256> m_value{};
};

} // namespace

float floatOfE4m3(uint8_t bits)
{
    const int exponent = bits >> 3 & 15;
    const int mantissa = bits & 7;
    float value = 0;
    if (exponent == 15 && mantissa == 7)
        value = std::numeric_limits<float>::quiet_NaN();
    else if (exponent == 0)
        value = std::ldexp(float(mantissa), -9);
    else
        value = std::ldexp(float(mantissa | 8), exponent - 10);
    return bits >> 7 ? -value : value;
}

std::vector<float> readFloats(const StoredTensor& tensor)
{
    std::vector<std::byte> bytes(tensor.info->bytes);
    tensor.file->read(*tensor.info, 0, bytes);
    const bool is_wide = tensor.info->dtype == "F32";
    std::vector<float> values(bytes.size() / (is_wide ? 4 : 2));
    if (is_wide) {
        std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
        return values;
    }
    const bool is_bf16 = tensor.info->dtype == "BF16";
    for (size_t i = 0; i < values.size(); ++i) {
        uint16_t half = 0;
        std::memcpy(&half, &bytes[2 * i], sizeof half);
        values[i] = is_bf16 ? floatOfBf16(half) : floatOfF16(half);
    }
    return values;
}

std::unique_ptr<PackedMatrix> openFp8(
    const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config)
{
    return std::make_unique<Fp8>(checkpoint, name, config);
}

} // namespace gorgon
