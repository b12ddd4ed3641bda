// SPDX-License-Identifier: Apache-2.0
#include "core/model/architectures/architecture.h"

#include <algorithm>

namespace gorgon {

std::span<const Architecture* const> architectures()
{
    static constexpr const Architecture* kAll[] = {&kLlama, &kMistral, &kQwen2, &kQwen3, &kSmolLm3};
    return kAll;
}

const Architecture* findArchitecture(const std::string& type)
{
    for (const Architecture* architecture : architectures())
        if (type == architecture->type)
            return architecture;
    return nullptr;
}

std::string architectureTypes()
{
    std::string result;
    const auto all = architectures();
    for (size_t i = 0; i < all.size(); ++i)
        result += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + std::string(all[i]->type);
    return result;
}

int64_t readWindow(const ConfigFields& fields, int64_t absent)
{
    if (!fields.has("sliding_window"))
        return absent;
    // Beyond the longest context a window hides nothing.
    return std::min(fields.integer("sliding_window", 1, INT32_MAX, 0), kMaxContext);
}

void setWindows(const ConfigFields& fields, ModelConfig& config, int64_t window, bool must_agree,
    const std::function<bool(int layer)>& slides)
{
    config.attention.resize(size_t(config.n_layers));
    const nlohmann::json* types = fields.find("layer_types");
    if (types && (!types->is_array() || types->size() != size_t(config.n_layers)))
        fields.fail("layer_types", "must be a list of one text per layer");
    for (int layer = 0; layer < config.n_layers; ++layer) {
        bool slid = window > 0 && slides(layer);
        if (types) {
            const nlohmann::json& type = (*types)[size_t(layer)];
            if (type != "full_attention" && type != "sliding_attention")
                fields.expect(
                    "layer_types", "a list of full_attention and sliding_attention", type);
            const bool wanted = type == "sliding_attention";
            if (must_agree && wanted != slid)
                fields.fail("layer_types",
                    "of " + config.architecture + " models must be "
                        + (slid ? "sliding_attention" : "full_attention")
                        + " throughout; other patterns are not supported");
            if (wanted && window == 0)
                fields.fail("layer_types",
                    "names sliding_attention, but no sliding window is set (sliding_window, "
                    "use_sliding_window)");
            slid = wanted;
        }
        config.attention[size_t(layer)].window = slid ? window : 0;
    }
}

void setWindowsAboveLayer(const ConfigFields& fields, ModelConfig& config)
{
    const bool is_on = fields.boolean("use_sliding_window", false);
    const int64_t window = readWindow(fields, 4096);
    const int64_t first_layer = fields.integer("max_window_layers", 0, INT32_MAX, 28);
    setWindows(
        fields, config, is_on ? window : 0, false, [=](int layer) { return layer >= first_layer; });
}

void refuseTrue(const ConfigFields& fields, const char* name)
{
    if (fields.boolean(name, false))
        fields.fail(name, "must be false for this model type, found true");
}

} // namespace gorgon
