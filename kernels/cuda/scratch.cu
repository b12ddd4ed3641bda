// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/scratch.h"

#include <algorithm>

#include "kernels/backend.h"

namespace gorgon::cuda {

namespace {

constexpr size_t kMostUnpackBytes = 64 << 20;

/// note: what is there stays where there is no more, for models that use it.
void grow(Buffer& buffer, size_t bytes)
{
    if (bytes > buffer.bytes())
        buffer = deviceBuffer(bytes);
}

} // namespace

void Scratch::growForMatrix(
    Stream& stream, DType dtype, int64_t n_out, int64_t n_in, int n_multiprocessors)
{
    const ProductPlan plan
        = planProduct(dtype, n_out, n_in, n_multiprocessors, CacheUse::evict_first);
    grow(m_rows, productRowsBytes(dtype, n_in));
    grow(m_partials, partialBytes(plan, kMaxNodes));
    if (const size_t bytes = ticketBytes(plan, kMaxNodes); bytes > m_tickets.bytes()) {
        grow(m_tickets, bytes);
        fillZero(stream, m_tickets.as<>(), bytes);
    }
    if (const size_t slab = leastUnpackBytes(dtype, n_in); slab > 0) {
        const size_t n_slabs = size_t((n_out + kPieceOutputs - 1) / kPieceOutputs);
        grow(m_unpacked, std::min(n_slabs * slab, std::max(slab, kMostUnpackBytes)));
    }
    grow(m_summaries, summaryBytes(n_out));
    grow(m_candidates, candidateBytes(n_out));
}

void Scratch::growForAttention(size_t bytes)
{
    grow(m_attention, bytes);
}

ProductRows Scratch::rows(DType dtype, int64_t n_in) const
{
    return productRows(dtype, n_in, m_rows.as<>());
}

} // namespace gorgon::cuda
