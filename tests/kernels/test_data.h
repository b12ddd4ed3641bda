// SPDX-License-Identifier: Apache-2.0
// Random inputs and the host's view of what a backend holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/processor.h"

namespace gorgon::tests {

inline std::vector<float> randomFloats(size_t n, uint32_t seed, float scale = 1)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> values(n);
    for (float& value : values)
        value = normal(random);
    return values;
}

/// The value that a weight has once it is stored.
inline float rounded(float x, DType dtype)
{
    return dtype == DType::f32 ? x
        : dtype == DType::bf16 ? floatOfBf16(bf16OfFloat(x))
                               : floatOfF16(f16OfFloat(x));
}

inline Matrix makeMatrix(
    Backend& backend, DType dtype, int64_t n_out, int64_t n_in, const std::vector<float>& weights)
{
    Matrix matrix = backend.makeMatrix(dtype, n_out, n_in);
    backend.setRows(matrix, 0, n_out, weights.data(), DType::f32);
    return matrix;
}

inline Tensor view(std::vector<float>& values, int64_t cols)
{
    return {values.data(), int64_t(values.size()) / cols, cols};
}

inline bool sameBits(const float* a, const float* b, size_t n)
{
    return std::memcmp(a, b, n * sizeof(float)) == 0;
}

inline std::unique_ptr<Backend> cpu(int n_threads)
{
    CpuOptions options;
    options.n_threads = n_threads;
    return makeCpuBackend(options);
}

/// A tree from parents (root: -1), which must be sorted by depth.
inline TreeTables makeTree(const std::vector<int>& parents)
{
    TreeTables tree;
    tree.n_nodes = int32_t(parents.size());
    int children[kMaxNodes] = {};
    for (int node = 0; node < tree.n_nodes; node++) {
        const int parent = parents[node];
        tree.parent[node] = parent;
        tree.depth[node] = parent < 0 ? 0 : tree.depth[parent] + 1;
        tree.rank[node] = parent < 0 ? 0 : children[parent]++;
        if (parent >= 0)
            std::copy(std::begin(tree.path[parent]), std::end(tree.path[parent]), tree.path[node]);
        tree.path[node][tree.depth[node]] = uint8_t(node);
    }
    return tree;
}

/// A random tree of n nodes, sorted by depth.
inline TreeTables randomTree(int n, int max_depth, uint32_t seed)
{
    std::mt19937 random(seed);
    std::vector<int> depth{0};
    for (int i = 1; i < n; i++)
        depth.push_back(1 + int(random() % uint32_t(max_depth)));
    std::sort(depth.begin(), depth.end());
    for (int i = 1; i < n; i++)
        depth[i] = std::min(depth[i], depth[i - 1] + 1);
    std::vector<int> parents{-1};
    for (int i = 1; i < n; i++) {
        std::vector<int> above;
        for (int j = 0; j < i; j++)
            if (depth[j] == depth[i] - 1)
                above.push_back(j);
        parents.push_back(above[random() % above.size()]);
    }
    return makeTree(parents);
}

constexpr Instructions kEveryInstructions[] = {Instructions::scalar, Instructions::neon,
    Instructions::neon_dot, Instructions::sse4, Instructions::avx2, Instructions::avx2_vnni,
    Instructions::avx512, Instructions::avx512_vnni, Instructions::avx512_bf16, Instructions::amx};

/// Operations use these instructions at most while it lives.
class Limited
{
public:
    explicit Limited(Instructions most)
        : m_before(limitInstructions(most))
    {
    }
    ~Limited() { limitInstructions(m_before); }
    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;

private:
    Instructions m_before;
};

} // namespace gorgon::tests
