// SPDX-License-Identifier: Apache-2.0
#include "core/model/weight_loader.h"

#include "core/model/content_hash.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace gorgon {

namespace {

constexpr uint64_t kBlockBytes = uint64_t(8) << 20;

static_assert(
    std::endian::native == std::endian::little, "files are little-endian and read as they are");

DType storedType(const TensorInfo& info)
{
    return info.dtype == "F32" ? DType::f32 : info.dtype == "BF16" ? DType::bf16 : DType::f16;
}

float halfToFloat(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    float value = 0;
    if (exponent == 31)
        value = mantissa ? NAN : INFINITY;
    else if (exponent == 0)
        value = std::ldexp(float(mantissa), -24);
    else
        value = std::ldexp(float(mantissa | 1024), exponent - 25);
    return bits >> 15 ? -value : value;
}

/// The tensors that a matrix consists of, in order.
std::string keyOf(const PlannedMatrix& plan)
{
    std::string key;
    for (const StoredTensor& part : plan.parts) {
        // The file knows tensors by name; a part knows its place alone.
        key += (key.empty() ? "" : "+") + part.file->path().filename().string() + ":"
            + std::to_string(part.info->offset);
    }
    return key;
}

void appendAsFloat(const std::vector<std::byte>& source, DType dtype, std::vector<float>& values)
{
    const size_t n = source.size() / dtypeBytes(dtype);
    for (size_t i = 0; i < n; ++i) {
        if (dtype == DType::f32) {
            float value = 0;
            std::memcpy(&value, &source[i * 4], 4);
            values.push_back(value);
            continue;
        }
        uint16_t bits = 0;
        std::memcpy(&bits, &source[i * 2], 2);
        values.push_back(
            dtype == DType::f16 ? halfToFloat(bits) : std::bit_cast<float>(uint32_t(bits) << 16));
    }
}

} // namespace

WeightLoader::WeightLoader(
    Backend& backend, uint64_t total_bytes, const LoadCallback& on_progress, std::stop_token stop)
    : m_backend(backend)
    , m_on_progress(on_progress)
    , m_stop(std::move(stop))
{
    m_progress.total_bytes = total_bytes;
}

void WeightLoader::begin(const std::string& what)
{
    m_progress.what = what;
    advance(0);
}

void WeightLoader::readRows(const PlannedMatrix& plan, const BlockReader& use)
{
    int64_t row = 0;
    for (const StoredTensor& part : plan.parts) {
        const DType stored = storedType(*part.info);
        const uint64_t row_bytes = uint64_t(plan.n_in) * dtypeBytes(stored);
        const int64_t n_rows = std::min(int64_t(part.info->bytes / row_bytes), plan.n_out - row);
        const int64_t block_rows = std::max<int64_t>(1, int64_t(kBlockBytes / row_bytes));
        for (int64_t first = 0; first < n_rows; first += block_rows) {
            const int64_t n = std::min(block_rows, n_rows - first);
            m_block.resize(size_t(n) * row_bytes);
            part.file->read(*part.info, uint64_t(first) * row_bytes, m_block);
            part.file->expect(*part.info, uint64_t(first + n) * row_bytes, kBlockBytes);
            use(row + first, n, stored);
            advance(m_block.size());
        }
        row += n_rows;
    }
    assert(row == plan.n_out);
}

Matrix WeightLoader::matrix(const PlannedMatrix& plan)
{
    if (!plan)
        return {};
    Matrix result = m_backend.makeMatrix(plan.dtype, plan.n_out, plan.n_in);
    const bool cached = m_cache && m_cache->isEnabled() && isQuantized(plan.dtype);
    if (cached && m_cache->isReading()) {
        matrixFromCache(plan, result);
        return result;
    }
    ContentHash source;
    readRows(plan, [&](int64_t first, int64_t n, DType stored) {
        if (cached)
            source.add(m_block);
        m_backend.setRows(result, first, n, m_block.data(), stored);
    });
    if (cached)
        m_cache->write(keyOf(plan), source.hex(), m_backend, result);
    return result;
}

void WeightLoader::matrixFromCache(const PlannedMatrix& plan, Matrix& matrix)
{
    const std::string key = keyOf(plan);
    if (m_cache->mustCompare()) {
        ContentHash source;
        readRows(plan, [&](int64_t, int64_t, DType) { source.add(m_block); });
        m_cache->checkSource(key, matrix, source.hex());
    } else {
        for (const StoredTensor& part : plan.parts)
            advance(part.info->bytes);
    }
    m_cache->read(key, m_backend, matrix);
}

Buffer WeightLoader::vector(const PlannedVector& plan)
{
    if (plan.parts.empty())
        return {};
    std::vector<float> values;
    for (const StoredTensor& part : plan.parts) {
        m_block.resize(part.info->bytes);
        part.file->read(*part.info, 0, m_block);
        appendAsFloat(m_block, storedType(*part.info), values);
        advance(m_block.size());
    }
    Buffer result = m_backend.allocate(values.size() * sizeof(float));
    m_backend.upload(result.as(), values.data(), values.size() * sizeof(float));
    return result;
}

void WeightLoader::advance(uint64_t bytes)
{
    if (m_stop.stop_requested())
        throw LoadCancelled();
    m_progress.done_bytes += bytes;
    if (m_on_progress)
        m_on_progress(m_progress);
}

} // namespace gorgon
