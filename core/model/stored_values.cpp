// SPDX-License-Identifier: Apache-2.0
#include "core/model/stored_values.h"

#include <algorithm>
#include <cstring>

#include "core/model/model.h"

namespace gorgon {

namespace {

constexpr uint64_t kBlockBytes = uint64_t(4) << 20;

/// Bits of a floating-point format: an exponent of all ones is infinite, or NaN with a mantissa.
template <typename Word>
void count(std::span<const std::byte> bytes, Word exponent, ValueCounts& to)
{
    const Word mantissa = Word((exponent & -exponent) - 1);
    for (size_t i = 0; i < bytes.size(); i += sizeof(Word)) {
        Word word = 0;
        std::memcpy(&word, &bytes[i], sizeof word);
        if ((word & (exponent | mantissa)) != 0)
            to.all_zero = false;
        if ((word & exponent) == exponent)
            ++((word & mantissa) != 0 ? to.n_nan : to.n_infinite);
    }
}

} // namespace

void forEachBlock(const StoredTensor& tensor,
    const std::function<void(std::span<const std::byte>)>& take, const std::stop_token& stop)
{
    const uint64_t bytes = tensor.info->bytes;
    std::vector<std::byte> block(size_t(std::min(kBlockBytes, bytes)));
    for (uint64_t first = 0; first < bytes; first += kBlockBytes) {
        if (stop.stop_requested())
            throw LoadCancelled();
        const auto part = std::span(block).first(size_t(std::min(kBlockBytes, bytes - first)));
        tensor.file->read(*tensor.info, first, part);
        take(part);
    }
}

bool sameValues(const StoredTensor& a, const StoredTensor& b, const std::stop_token& stop)
{
    if (a.info == b.info)
        return true;
    if (a.info->dtype != b.info->dtype || a.info->shape != b.info->shape
        || a.info->bytes != b.info->bytes)
        return false;
    const uint64_t bytes = a.info->bytes;
    std::vector<std::byte> one(size_t(std::min(kBlockBytes, bytes)));
    std::vector<std::byte> other(one.size());
    for (uint64_t first = 0; first < bytes; first += kBlockBytes) {
        if (stop.stop_requested())
            throw LoadCancelled();
        const auto n = size_t(std::min(kBlockBytes, bytes - first));
        a.file->read(*a.info, first, std::span(one).first(n));
        b.file->read(*b.info, first, std::span(other).first(n));
        if (std::memcmp(one.data(), other.data(), n) != 0)
            return false;
    }
    return true;
}

ValueCounts countValues(const StoredTensor& tensor, const std::stop_token& stop)
{
    ValueCounts result;
    const std::string& dtype = tensor.info->dtype;
    if (dtype != "F32" && dtype != "BF16" && dtype != "F16") {
        result.all_zero = false;
        return result;
    }
    forEachBlock(
        tensor,
        [&](std::span<const std::byte> bytes) {
            if (dtype == "F32")
                count<uint32_t>(bytes, 0x7F800000, result);
            else
                count<uint16_t>(bytes, dtype == "F16" ? 0x7C00 : 0x7F80, result);
        },
        stop);
    return result;
}

} // namespace gorgon
