// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/pack.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "kernels/cpu/convert.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/quantize.h"
#include "kernels/cuda/product_formats.h"

namespace gorgon::cuda {

namespace {

constexpr int64_t kFloatUnit = 32;
constexpr int64_t kMostOutputs = int64_t(1) << 30; // they are counted in int
constexpr int64_t kMostInputs = int64_t(1) << 24; // stages times splits are
constexpr size_t kStagingBytes = 32 << 20;
constexpr int kUnpackThreads = 256;

int64_t strideOf(DType dtype, int64_t n_in)
{
    const int64_t unit = dtype == DType::f32 ? kFloatUnit : kStageK;
    return (n_in + unit - 1) / unit * unit;
}

int64_t pieceRowsOf(int64_t n_out)
{
    return (n_out + kPieceOutputs - 1) / kPieceOutputs;
}

/// Of the pieces of 64 outputs.
size_t pieceRowBytes(DType dtype, int64_t n_in)
{
    return size_t(stagesOf(n_in)) * 4 * (dtype == DType::q8 ? kQ8PieceBytes : kQ4PieceBytes);
}
size_t wideRowBytes(DType dtype, int64_t n_in)
{
    return dtype == DType::q4 ? size_t((stagesOf(n_in) + 1) / 2) * kQ4WideBytes : 0;
}

float readFloat(const void* row, DType dtype, int64_t k)
{
    const char* const from = static_cast<const char*>(row) + size_t(k) * dtypeBytes(dtype);
    if (dtype == DType::f32) {
        float value = 0;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
    uint16_t bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    return dtype == DType::bf16 ? floatOfBf16(bits) : floatOfF16(bits);
}

/// One row of f32, f16 or bf16; `to` has strideOf elements, zeros from n_in on.
void convertRow(DType dtype, int64_t n_in, const void* row, DType source_dtype, unsigned char* to)
{
    const size_t bytes = size_t(n_in) * dtypeBytes(dtype);
    if (dtype == source_dtype) {
        std::memcpy(to, row, bytes);
    } else {
        for (int64_t k = 0; k < n_in; k++) {
            const float value = readFloat(row, source_dtype, k);
            if (dtype == DType::f32) {
                std::memcpy(to + 4 * k, &value, sizeof value);
            } else {
                const uint16_t bits = dtype == DType::bf16 ? bf16OfFloat(value) : f16OfFloat(value);
                std::memcpy(to + 2 * k, &bits, sizeof bits);
            }
        }
    }
    std::memset(to + bytes, 0, size_t(strideOf(dtype, n_in)) * dtypeBytes(dtype) - bytes);
}

/// Copies outputs [begin, end) of a unit of quantize.h, which begins at row `tile` and column k of
/// the matrix, into the pieces that hold row `first_row` on. A unit may reach beyond the last
/// stage.
void repackUnit(DType dtype, const uint8_t* unit, int64_t n_in, int64_t tile, int begin, int end,
    int64_t k, int64_t first_row, unsigned char* pieces, unsigned char* wide)
{
    const int64_t width = std::min(unitWidth(dtype), stagesOf(n_in) * kStageK - k);
    for (int lane = begin; lane < end; lane++) {
        const int64_t row = tile + lane - first_row;
        for (int64_t i = 0; i < width; i++) {
            const WeightPlace at = placeOf(n_in, row, k + i);
            const int64_t block = i / 32, place = i % 32;
            if (dtype == DType::q8) {
                pieces[q8ValueAt(at)] = unit[512 * block + 64 * (place / 4) + 4 * lane + place % 4];
                if (place == 0)
                    std::memcpy(
                        pieces + q8ScaleAt(at), unit + kQ8Scales + 32 * block + 2 * lane, 2);
                continue;
            }
            const unsigned byte
                = unit[kQ4Values + size_t(256 * block + 64 * (place / 8) + 4 * lane + place % 4)];
            const unsigned q = place / 4 % 2 == 0 ? byte & 15U : byte >> 4U;
            unsigned char& to = pieces[q4ValueAt(at)];
            to = static_cast<unsigned char>((to & ~(15U << q4Shift(at))) | q << q4Shift(at));
            if (place == 0) {
                const size_t of_block = size_t(16 * block + lane);
                pieces[q4ScaleAt(at)] = unit[kQ4BlockScales + of_block];
                pieces[q4ScaleAt(at) + 2] = unit[kQ4BlockMinima + of_block];
            }
            if (i == 0) {
                std::memcpy(wide + at.wide, unit + 2 * lane, 2);
                std::memcpy(wide + at.wide + 4, unit + kQ4Minimum + 2 * lane, 2);
            }
        }
    }
}

struct RowSource
{
    const char* rows; // (n_rows, n_in), of `first` on
    int64_t first, end;
    DType dtype;
    int64_t n_in;

    const void* row(int64_t i) const
    {
        return rows + size_t(i - first) * size_t(n_in) * dtypeBytes(dtype);
    }
};

/// Outputs of the 64 from `first_row` on that the source has.
void quantizePieceRow(DType dtype, const RowSource& source, int64_t first_row,
    unsigned char* pieces, unsigned char* wide)
{
    const int64_t width = unitWidth(dtype);
    alignas(64) float x[kMostUnitWidth * 16];
    alignas(64) uint8_t unit[kMostUnitBytes];
    for (int64_t tile = first_row; tile < first_row + kPieceOutputs; tile += 16) {
        const int begin = int(std::clamp<int64_t>(source.first - tile, 0, 16));
        const int end = int(std::clamp<int64_t>(source.end - tile, 0, 16));
        if (begin >= end)
            continue;
        for (int64_t k = 0; k < source.n_in; k += width) {
            std::fill(std::begin(x), std::end(x), 0.0F);
            const int64_t n = std::min(width, source.n_in - k);
            for (int lane = begin; lane < end; lane++) {
                const void* const row = source.row(tile + lane);
                for (int64_t i = 0; i < n; i++)
                    x[i * 16 + lane] = readFloat(row, source.dtype, k + i);
            }
            quantizeUnit(dtype, x, unit);
            repackUnit(dtype, unit, source.n_in, tile, begin, end, k, first_row, pieces, wide);
        }
    }
}

void setPlainRows(Stream& stream, ThreadPool& pool, const Matrix& matrix, const RowSource& source)
{
    const size_t row_bytes = size_t(strideOf(matrix.dtype, matrix.n_in)) * dtypeBytes(matrix.dtype);
    const int64_t at_once = std::max<int64_t>(int64_t(kStagingBytes / row_bytes), 1);
    std::vector<unsigned char> staging(
        size_t(std::min(at_once, source.end - source.first)) * row_bytes);
    for (int64_t row = source.first; row < source.end; row += at_once) {
        const int64_t n = std::min(at_once, source.end - row);
        pool.forEach(n, [&](int64_t i, int) {
            convertRow(matrix.dtype, matrix.n_in, source.row(row + i), source.dtype,
                staging.data() + size_t(i) * row_bytes);
        });
        copyToDevice(stream, matrix.data.as<char>() + size_t(row) * row_bytes, staging.data(),
            size_t(n) * row_bytes);
        stream.synchronize();
    }
}

void setQuantizedRows(
    Stream& stream, ThreadPool& pool, const Matrix& matrix, const RowSource& source)
{
    const size_t bytes = pieceRowBytes(matrix.dtype, matrix.n_in);
    const size_t wide_bytes = wideRowBytes(matrix.dtype, matrix.n_in);
    char* const data = matrix.data.as<char>();
    char* const wide_data = data + size_t(pieceRowsOf(matrix.n_out)) * bytes;
    const int64_t first = source.first / kPieceOutputs, end = pieceRowsOf(source.end);
    const int64_t at_once
        = std::min(std::max<int64_t>(int64_t(kStagingBytes / bytes), 1), end - first);
    std::vector<unsigned char> pieces(size_t(at_once) * bytes);
    std::vector<unsigned char> wide(size_t(at_once) * wide_bytes);
    for (int64_t from = first; from < end; from += at_once) {
        const int64_t n = std::min(at_once, end - from);
        char* const to = data + size_t(from) * bytes;
        char* const wide_to = wide_data + size_t(from) * wide_bytes;
        // Rows around those that are set keep what they hold.
        if (from * kPieceOutputs < source.first || (from + n) * kPieceOutputs > source.end) {
            copyToHost(stream, pieces.data(), to, size_t(n) * bytes);
            if (wide_bytes > 0)
                copyToHost(stream, wide.data(), wide_to, size_t(n) * wide_bytes);
            stream.synchronize();
        }
        pool.forEach(n, [&](int64_t i, int) {
            quantizePieceRow(matrix.dtype, source, (from + i) * kPieceOutputs,
                pieces.data() + size_t(i) * bytes, wide.data() + size_t(i) * wide_bytes);
        });
        copyToDevice(stream, to, pieces.data(), size_t(n) * bytes);
        if (wide_bytes > 0)
            copyToDevice(stream, wide_to, wide.data(), size_t(n) * wide_bytes);
        stream.synchronize();
    }
}

/// Two values of 8 and 4 bits, times their scales.
GORGON_DEVICE uint32_t unpackedPair(uint32_t pair, float scale, float negative_minimum)
{
    return pack2<Bf16>(addRn(mulRn(scale, lowOf<Bf16>(pair)), negative_minimum),
        addRn(mulRn(scale, highOf<Bf16>(pair)), negative_minimum));
}

/// A warp: one piece of 64 outputs x 32 k; a lane: 8 k of each of 8 outputs. Grid: pieces / 8
/// warps.
template <typename Format>
GORGON_KERNEL void unpackKernel(
    Weights w, int64_t first, int64_t n_pieces, Bf16* out, int64_t stride)
{
    const int64_t piece = int64_t(blockIndex()) * (kUnpackThreads / kWarp) + warpIndex();
    if (piece >= n_pieces)
        return;
    const int64_t stages = stagesOf(w.n_in), piece_row = piece / (4 * stages);
    const int64_t at = first / kPieceOutputs * 4 * stages + piece;
    const int64_t k = piece % (4 * stages) * kPieceK + laneIndex() % 4 * 8;
    const int g = laneIndex() / 4;
    const auto values = Format::Operands::ofPiece(w, at, laneIndex());
    for (int r = 0; r < 4; r++) {
        const auto tile = values.tile(r);
        for (int i = 0; i < 2; i++) {
            Words4 row;
            for (int j = 0; j < 4; j++)
                row.w[j] = unpackedPair(
                    tile.a[j / 2][j % 2 * 2 + i], tile.scale[i], tile.negativeMinimumOf(i));
            storeWords4(out + (piece_row * kPieceOutputs + 16 * r + 8 * i + g) * stride + k, row);
        }
    }
}

} // namespace

size_t weightBytes(DType dtype, int64_t n_out, int64_t n_in)
{
    if (n_out < 1 || n_in < 1 || n_out > kMostOutputs || n_in > kMostInputs)
        throw std::bad_alloc();
    if (!isQuantized(dtype))
        return productOf(size_t(n_out), size_t(strideOf(dtype, n_in)) * dtypeBytes(dtype));
    return productOf(
        size_t(pieceRowsOf(n_out)), pieceRowBytes(dtype, n_in) + wideRowBytes(dtype, n_in));
}

Weights weightsAt(DType dtype, int64_t n_out, int64_t n_in, const void* data)
{
    Weights w;
    w.data = static_cast<const unsigned char*>(data);
    w.stride = isQuantized(dtype) ? 0 : strideOf(dtype, n_in);
    w.n_in = n_in;
    w.n_out = int(n_out);
    w.dtype = dtype;
    if (dtype == DType::q4)
        w.wide = w.data + size_t(pieceRowsOf(n_out)) * pieceRowBytes(dtype, n_in);
    return w;
}

Weights weightsOf(const Matrix& matrix)
{
    return weightsAt(matrix.dtype, matrix.n_out, matrix.n_in, matrix.data.as<>());
}

void setMatrixRows(Stream& stream, ThreadPool& pool, const Matrix& matrix, int64_t first,
    int64_t n_rows, const void* source, DType source_dtype)
{
    assert(first >= 0 && n_rows >= 0 && first + n_rows <= matrix.n_out);
    assert(!isQuantized(source_dtype));
    if (n_rows == 0)
        return;
    const RowSource rows{
        static_cast<const char*>(source), first, first + n_rows, source_dtype, matrix.n_in};
    if (isQuantized(matrix.dtype))
        setQuantizedRows(stream, pool, matrix, rows);
    else
        setPlainRows(stream, pool, matrix, rows);
}

void unpackRows(
    Stream& stream, const Weights& w, int64_t first, int64_t n_rows, Bf16* out, int64_t stride)
{
    assert(
        isQuantized(w.dtype) && first % kPieceOutputs == 0 && stride == stagesOf(w.n_in) * kStageK);
    const int64_t n_pieces = pieceRowsOf(n_rows) * stagesOf(w.n_in) * 4;
    const int per_block = kUnpackThreads / kWarp;
    launch(stream, w.dtype == DType::q8 ? unpackKernel<Q8Format> : unpackKernel<Q4Format>,
        int((n_pieces + per_block - 1) / per_block), kUnpackThreads, 0, w, first, n_pieces, out,
        stride);
}

} // namespace gorgon::cuda
