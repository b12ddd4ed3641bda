// SPDX-License-Identifier: Apache-2.0
// Conversations to attend to, and what attention gives in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "tests/kernels/test_data.h"

namespace gorgon::tests {

struct Heads
{
    int n_heads, n_kv_heads, head_dim;
    int qkvCols() const { return (n_heads + 2 * n_kv_heads) * head_dim; }
    int outCols() const { return n_heads * head_dim; }
};

inline RopeTable makeRope(
    std::vector<float>& cosines, std::vector<float>& sines, int positions, int head_dim)
{
    const int half = head_dim / 2;
    cosines.resize(size_t(positions * half));
    sines.resize(size_t(positions * half));
    for (int p = 0; p < positions; p++) {
        for (int d = 0; d < half; d++) {
            const double angle = p * std::pow(10000.0, -double(d) / half);
            cosines[size_t(p * half + d)] = float(std::cos(angle));
            sines[size_t(p * half + d)] = float(std::sin(angle));
        }
    }
    return {view(cosines, half), view(sines, half)};
}

/// A conversation: a cache, rope and the inputs (qkv) of every position or node.
struct Fixture
{
    Heads heads;
    std::unique_ptr<Backend> backend;
    std::vector<float> cosines, sines;
    RopeTable rope;
    KvCache cache;
    StepState state;
    int64_t window = 0;
    bool rotates = true;
    HeadNorms norms;

    Fixture(Heads shape, int n_threads, int64_t capacity, DType dtype = DType::f32)
        : heads(shape)
        , backend(cpu(n_threads))
        , rope(makeRope(cosines, sines, int(capacity), shape.head_dim))
        , cache(backend->makeKvCache(dtype, 2, shape.n_kv_heads, shape.head_dim, capacity))
    {
    }

    /// Stores the rows behind kv_len and returns their attention; layer 1, so that layers are told
    /// apart.
    std::vector<float> attend(const float* qkv_rows, int m, const TreeTables* tree)
    {
        std::vector<float> qkv(qkv_rows, qkv_rows + m * heads.qkvCols());
        std::vector<float> out(size_t(m * heads.outCols()));
        backend->ropeAndStore(view(qkv, heads.qkvCols()), heads.n_heads, norms,
            rotates ? rope : RopeTable(), cache, 1, tree, &state);
        backend->attention(view(qkv, heads.qkvCols()), heads.n_heads, window, cache, 1, tree,
            &state, view(out, heads.outCols()));
        return out;
    }

    /// Commits rows as a chain, in chunks.
    std::vector<float> feed(const float* qkv_rows, int m, int chunk)
    {
        std::vector<float> out;
        for (int i = 0; i < m; i += chunk) {
            const int n = std::min(chunk, m - i);
            const auto part = attend(qkv_rows + i * heads.qkvCols(), n, nullptr);
            out.insert(out.end(), part.begin(), part.end());
            backend->advance(&state, n);
        }
        return out;
    }
};

/// How a layer differs from a plain one.
struct Kind
{
    int64_t window = 0;
    bool rotates = true;
    const float* q_norm = nullptr;
    const float* k_norm = nullptr;
};
constexpr float kNormEps = 1e-3F; // large enough to be seen

/// Attention of the last of `n` positions in double. qkv: (n, cols), neither normed nor rotated.
inline std::vector<double> reference(
    const Heads& heads, const std::vector<const float*>& rows, const Kind& kind = {})
{
    const int n = int(rows.size()), half = heads.head_dim / 2,
              group = heads.n_heads / heads.n_kv_heads;
    const auto rotated = [&](const float* values, const float* norm, int position) {
        std::vector<double> x(values, values + heads.head_dim), y(x);
        double squares = 0;
        for (const double value : x)
            squares += value * value;
        for (int d = 0; norm && d < heads.head_dim; d++)
            x[size_t(d)] *= norm[d] / std::sqrt(squares / heads.head_dim + double(kNormEps));
        for (int d = 0; d < half; d++) {
            const double angle = kind.rotates ? position * std::pow(10000.0, -double(d) / half) : 0;
            const double c = std::cos(angle), s = std::sin(angle);
            y[size_t(d)] = x[size_t(d)] * c - x[size_t(d + half)] * s;
            y[size_t(d + half)] = x[size_t(d + half)] * c + x[size_t(d)] * s;
        }
        return y;
    };
    const int first = kind.window > 0 ? std::max(0, n - int(kind.window)) : 0;
    std::vector<double> out;
    for (int h = 0; h < heads.n_heads; h++) {
        const int kv = h / group;
        const auto q = rotated(rows[size_t(n - 1)] + h * heads.head_dim, kind.q_norm, n - 1);
        std::vector<double> scores;
        double highest = -1e300, total = 0;
        for (int p = first; p < n; p++) {
            const auto k
                = rotated(rows[size_t(p)] + (heads.n_heads + kv) * heads.head_dim, kind.k_norm, p);
            double score = 0;
            for (int d = 0; d < heads.head_dim; d++)
                score += q[size_t(d)] * k[size_t(d)];
            scores.push_back(score / std::sqrt(double(heads.head_dim)));
            highest = std::max(highest, scores.back());
        }
        for (double& score : scores)
            total += score = std::exp(score - highest);
        for (int d = 0; d < heads.head_dim; d++) {
            double sum = 0;
            for (int p = first; p < n; p++)
                sum += scores[size_t(p - first)]
                    * rows[size_t(p)][(heads.n_heads + heads.n_kv_heads + kv) * heads.head_dim + d];
            out.push_back(sum / total);
        }
    }
    return out;
}

/// Attention of a row of qkv at the last of `n` positions, in double, to what the cache holds.
inline std::vector<double> referenceOfCache(const Fixture& fixture, const float* row, int n)
{
    const Heads& heads = fixture.heads;
    const size_t floats = size_t(heads.n_kv_heads * heads.head_dim);
    std::vector<std::vector<float>> kv;
    std::vector<const float*> rows;
    const int q_cols = heads.outCols();
    for (int slot = 0; slot < n; slot++) {
        kv.emplace_back(size_t(q_cols) + 2 * floats);
        float* const k = kv.back().data() + q_cols;
        fixture.backend->readKv(fixture.cache, 1, slot, k, k + floats);
        rows.push_back(kv.back().data());
    }
    std::copy_n(row, q_cols, kv.back().data());
    return reference(heads, rows, {fixture.window, false, nullptr, nullptr});
}

constexpr DType kCacheTypes[] = {DType::f32, DType::f16, DType::bf16, DType::q8};

constexpr Heads kShapes[] = {{4, 4, 8}, {6, 2, 16}, {8, 1, 24}, {2, 1, 64}, {3, 3, 6}, {2, 2, 2}};

} // namespace gorgon::tests
