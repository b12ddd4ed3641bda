// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/scratch.h"

#include <algorithm>

#include "kernels/cuda/attention.h"

namespace gorgon::cuda {

namespace {

constexpr size_t kMostUnpackBytes = 64 << 20;

} // namespace

void ScratchSizes::add(ScratchPart part, size_t bytes)
{
    m_bytes[part] = std::max(m_bytes[part], bytes);
}

void ScratchSizes::addMatrix(const MatrixShape& shape, int n_multiprocessors)
{
    const ProductPlan plan = planProduct(
        shape.dtype, shape.n_out, shape.n_in, n_multiprocessors, CacheUse::evict_first);
    add(kInputScratch, productRowsBytes(shape.dtype, shape.n_in));
    add(kInputScratch, prefillRowsBytes(shape.dtype, shape.n_in));
    add(kPartialScratch, partialBytes(plan, kMaxNodes));
    add(kTicketScratch, ticketBytes(plan, kMaxNodes));
    if (const size_t slab = leastUnpackBytes(shape.dtype, shape.n_in); slab > 0) {
        const size_t n_slabs = size_t((shape.n_out + kPieceOutputs - 1) / kPieceOutputs);
        add(kUnpackScratch, std::min(n_slabs * slab, std::max(slab, kMostUnpackBytes)));
    }
    add(kSummaryScratch, summaryBytes(shape.n_out));
    add(kCandidateScratch, candidateBytes(shape.n_out));
}

void ScratchSizes::addAttention(int n_heads, const KvCache& cache)
{
    add(kAttentionScratch, attentionScratchBytes(n_heads, cache.head_dim, cache.capacity));
}

size_t Scratch::missing(const ScratchSizes& sizes) const
{
    size_t bytes = 0;
    for (int part = 0; part < kScratchParts; part++)
        bytes += sizes.of(part) - std::min(sizes.of(part), m_parts[size_t(part)].bytes());
    return bytes;
}

void Scratch::grow(Stream& stream, const ScratchSizes& sizes)
{
    for (int part = 0; part < kScratchParts; part++) {
        Buffer& buffer = m_parts[size_t(part)];
        if (sizes.of(part) <= buffer.bytes())
            continue;
        buffer = deviceBuffer(sizes.of(part));
        if (part == kTicketScratch) // products leave zeros there, and find them
            fillZero(stream, buffer.as<>(), buffer.bytes());
    }
}

} // namespace gorgon::cuda
