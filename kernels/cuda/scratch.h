// SPDX-License-Identifier: Apache-2.0
// Scratch of the operations: grows when a larger matrix or cache is made, never in an operation.
#pragma once

#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/prefill.h"
#include "kernels/cuda/select.h"

namespace gorgon::cuda {

class Scratch
{
public:
    /// Makes room for products with a matrix and for selections over its outputs. Throws
    /// std::bad_alloc.
    void growForMatrix(
        Stream& stream, DType dtype, int64_t n_out, int64_t n_in, int n_multiprocessors);
    void growForAttention(size_t bytes);

    ProductRows rows(DType dtype, int64_t n_in) const;
    ProductScratch product() const { return {m_partials.as<float>(), m_tickets.as<int>()}; }
    UnpackScratch unpack() const { return {m_unpacked.as<Bf16>(), m_unpacked.bytes()}; }
    SelectScratch select() const
    {
        return {m_summaries.as<TileSummary>(), m_candidates.as<uint64_t>()};
    }
    void* attention() const { return m_attention.as<>(); }
    size_t attentionBytes() const { return m_attention.bytes(); }

private:
    Buffer m_rows; // inputs of a product
    Buffer m_partials;
    Buffer m_tickets;
    Buffer m_unpacked; // quantized weights for a prompt
    Buffer m_summaries;
    Buffer m_candidates;
    Buffer m_attention;
};

} // namespace gorgon::cuda
