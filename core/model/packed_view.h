// SPDX-License-Identifier: Apache-2.0
// Packed matrices seen as f32. One thread at a time; one matrix at a time is held in memory.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/model/packed_weights.h"

namespace gorgon {

/// One packed matrix (n_out, n_in).
class PackedMatrix
{
public:
    virtual ~PackedMatrix() = default;
    /// Reads what rows() needs, and forgets it.
    virtual void load() = 0;
    virtual void unload() = 0;
    /// Rows [first, first + n) as (n, n_in).
    virtual void rows(int64_t first, int64_t n, float* out) const = 0;

    int64_t n_out = 0;
    int64_t n_in = 0;
    uint64_t stored_bytes = 0;
};

class PackedView : public TensorFile
{
public:
    PackedView(std::filesystem::path path, std::string stored_as)
        : m_path(std::move(path))
        , m_stored_as(std::move(stored_as))
    {
    }

    void add(const std::string& name, std::unique_ptr<PackedMatrix> matrix);

    const char* format() const override { return "packed tensors"; }
    const std::filesystem::path& path() const override { return m_path; }
    std::string storedAs(const TensorInfo&) const override { return m_stored_as; }
    uint64_t storedBytes(const TensorInfo& tensor) const override;
    void read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const override;

private:
    std::filesystem::path m_path;
    std::string m_stored_as;
    std::vector<std::unique_ptr<PackedMatrix>> m_matrices; // by TensorInfo::offset
    mutable PackedMatrix* m_loaded = nullptr;
    mutable std::vector<float> m_rows;
};

/// NAME.qweight (I32), NAME.qzeros (I32), NAME.scales and, of gptq, NAME.g_idx, packed into 32
/// bits: gptq qweight[in / per][out], input i in bits (i % per) * bits; awq qweight[in][out / 8],
/// output o in the nibble (0, 4, 1, 5, 2, 6, 3, 7)[o % 8]; qzeros[group][out / per] alike.
///   w[o][i] = scales[g][o] * (q - zero[g][o]), g the group of input i
std::unique_ptr<PackedMatrix> openGroupPacked(
    const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config);

/// NAME.weight (F8_E4M3) times NAME.weight_scale or NAME.weight_scale_inv (which multiplies, too).
std::unique_ptr<PackedMatrix> openFp8(
    const Checkpoint& checkpoint, const std::string& name, const PackingConfig& config);

/// A whole F32, F16 or BF16 tensor as f32.
std::vector<float> readFloats(const StoredTensor& tensor);

/// The value of an e4m3fn byte: no infinities, NaN at 0x7F and 0xFF.
float floatOfE4m3(uint8_t bits);

} // namespace gorgon
