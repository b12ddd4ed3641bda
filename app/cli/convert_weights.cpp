// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/convert_weights.h"

#include "core/model/file_error.h"

namespace gorgon {

namespace {

void report(const char* what, DType dtype, const CacheUse& cache)
{
    print(std::string(what) + " " + dtypeName(dtype) + ", " + bytesText(cache.bytes)
        + (cache.was_read ? ", was there: " : ", written: ") + cache.file.string() + "\n");
}

nlohmann::ordered_json toJson(DType dtype, const CacheUse& cache)
{
    if (cache.file.empty())
        return nullptr;
    return {{"weights", dtypeName(dtype)}, {"file", cache.file.string()}, {"bytes", cache.bytes},
        {"was_there", cache.was_read}};
}

} // namespace

int convertWeights(const ModelOptions& options, bool json, Program& program)
{
    const auto model = openModel(options, program);
    const bool wants_heads = !model->heads.empty() && isQuantized(model->head_dtype);
    if (model->cache.file.empty() || (wants_heads && model->heads_cache.file.empty()))
        throw std::runtime_error(model->path.string()
            + ": expected to write the quantized weights, found no room for them; check "
              "XDG_CACHE_HOME, permissions and space");
    if (json) {
        printJson(
            {{"checkpoint", model->checkpoint_hash}, {"model", toJson(model->dtype, model->cache)},
                {"heads", toJson(model->head_dtype, model->heads_cache)}});
        return kDone;
    }
    report("model", model->dtype, model->cache);
    if (wants_heads)
        report("heads", model->head_dtype, model->heads_cache);
    return kDone;
}

} // namespace gorgon
