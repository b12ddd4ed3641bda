// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product.h"

#include <algorithm>

#include "kernels/cuda/product_launch.h"

namespace gorgon::cuda {

namespace {

constexpr int64_t kMostSplits = 16;
constexpr int64_t kMostRounds = 4; // with splits: bounds the scratch for their sums

int64_t passesOf(int most_rows)
{
    return (most_rows + kPassRows - 1) / kPassRows;
}

} // namespace

ProductPlan planProduct(
    DType dtype, int64_t n_out, int64_t n_in, int n_multiprocessors, CacheUse use)
{
    ProductPlan plan;
    plan.n_tiles = int((n_out + kProductOutputs - 1) / kProductOutputs);
    plan.use = use;
    // In units of a stage of 128 k of a tile: rounds of blocks on all multiprocessors, each with
    // what it takes to write its part and to add it, at 64 rows, which do not reach memory.
    const int64_t stages = stagesOf(n_in), processors = std::max(n_multiprocessors, 1);
    const int64_t fewest = (stages + kMostChainStages - 1) / kMostChainStages;
    const int64_t most = std::min({stages, kMostSplits, kMostRounds * processors / plan.n_tiles});
    const double addition = dtype == DType::q4 ? 1.0 : dtype == DType::q8 ? 0.5 : 0.25;
    double least = 0;
    for (int64_t splits = fewest; splits <= std::max(fewest, most); splits++) {
        const int64_t rounds = (plan.n_tiles * splits + processors - 1) / processors;
        const double cost = double(rounds)
            * (double((stages + splits - 1) / splits) + (splits > 1 ? addition : 0.0));
        if (splits == fewest || cost < least) {
            least = cost;
            plan.n_splits = int(splits);
        }
    }
    return plan;
}

size_t partialBytes(const ProductPlan& plan, int most_rows)
{
    if (plan.n_splits == 1)
        return 0;
    return size_t(plan.n_tiles) * size_t(plan.n_splits) * size_t(passesOf(most_rows)) * kPassRows
        * kProductOutputs * sizeof(float);
}

size_t ticketBytes(const ProductPlan& plan, int most_rows)
{
    return size_t(plan.n_tiles) * size_t(passesOf(most_rows)) * sizeof(int);
}

void product(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const StoreTile& y)
{
    launchAnyProduct(stream, w, plan, x, n_rows, scratch, y);
}

} // namespace gorgon::cuda
