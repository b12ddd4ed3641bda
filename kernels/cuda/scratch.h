// SPDX-License-Identifier: Apache-2.0
// Scratch of the operations: grows when a larger matrix is made or a larger cache is read first,
// never in a graph. How large it becomes is known before.
#pragma once

#include <array>

#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/prefill.h"
#include "kernels/cuda/select.h"

namespace gorgon::cuda {

enum ScratchPart : uint8_t
{
    kInputScratch, // rows that a product reads
    kPartialScratch,
    kTicketScratch,
    kUnpackScratch, // quantized weights for a prompt
    kSummaryScratch,
    kCandidateScratch,
    kAttentionScratch,
    kScratchParts,
};

/// Bytes by part, enough for everything that was added.
class ScratchSizes
{
public:
    /// Products with a matrix and selections over its outputs.
    void addMatrix(const MatrixShape& shape, int n_multiprocessors);
    /// A cache's shape under n_heads heads.
    void addAttention(int n_heads, const KvCache& cache);
    size_t of(int part) const { return m_bytes[size_t(part)]; }

private:
    void add(ScratchPart part, size_t bytes);

    std::array<size_t, kScratchParts> m_bytes{};
};

class Scratch
{
public:
    /// Bytes that grow() would add.
    size_t missing(const ScratchSizes& sizes) const;
    /// Throws std::bad_alloc; what is there stays, for models that use it.
    void grow(Stream& stream, const ScratchSizes& sizes);

    ProductRows rows(DType dtype, int64_t n_in) const
    {
        return productRows(dtype, n_in, at<void>(kInputScratch));
    }
    ProductScratch product() const { return {at<float>(kPartialScratch), at<int>(kTicketScratch)}; }
    UnpackScratch unpack() const
    {
        return {at<Bf16>(kUnpackScratch), m_parts[kUnpackScratch].bytes()};
    }
    SelectScratch select() const
    {
        return {at<TileSummary>(kSummaryScratch), at<uint64_t>(kCandidateScratch)};
    }
    void* attention() const { return at<void>(kAttentionScratch); }
    size_t attentionBytes() const { return m_parts[kAttentionScratch].bytes(); }

private:
    template <typename T> T* at(ScratchPart part) const { return m_parts[part].as<T>(); }

    std::array<Buffer, kScratchParts> m_parts;
};

} // namespace gorgon::cuda
