// SPDX-License-Identifier: Apache-2.0
#include "core/model/packed_weights.h"

#include "core/model/file_error.h"
#include "core/model/json_file.h"
#include "core/model/packed_view.h"

namespace gorgon {

namespace {

using nlohmann::json;

std::string textOf(const json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool isTrue(const json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && *found == true;
}

class ConfigReader
{
public:
    ConfigReader(const json& object, std::filesystem::path file)
        : m_object(object)
        , m_file(std::move(file))
    {
    }

    PackingConfig read(const std::string& default_method) const
    {
        std::string method = textOf(m_object, "quant_method");
        if (method.empty())
            method = default_method;
        if (method == "gptq")
            return gptq();
        if (method == "awq")
            return awq();
        if (method == "fp8" || method == "fbgemm_fp8")
            return fp8();
        if (method == "compressed-tensors") {
            const std::string format = textOf(m_object, "format");
            if (format == "float-quantized" || format == "naive-quantized")
                return fp8();
            refuse(method + " (" + format + ")");
        }
        if (method.empty() && isTrue(m_object, "load_in_8bit"))
            refuse("bitsandbytes");
        refuse(method.empty() ? "a packing without a name" : method);
    }

private:
    PackingConfig gptq() const
    {
        PackingConfig config;
        const std::string format = textOf(m_object, "checkpoint_format");
        if (isTrue(m_object, "is_marlin_format")
            || (!format.empty() && format != "gptq" && format != "gptq_v2"))
            refuse("gptq in the order of " + (format.empty() ? std::string("marlin") : format));
        config.zeros_less_one = format != "gptq_v2";
        config.bits = int(number("bits", 4, 1, 32));
        if (config.bits != 2 && config.bits != 4 && config.bits != 8)
            refuse("gptq of " + std::to_string(config.bits) + " bits");
        config.group_size = groupSize();
        return config;
    }

    PackingConfig awq() const
    {
        PackingConfig config;
        config.method = PackingConfig::Method::awq;
        std::string version = textOf(m_object, "version");
        for (char& c : version)
            c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
        if (!version.empty() && version != "gemm")
            refuse("awq in the order of " + version);
        if (number(m_object.contains("w_bit") ? "w_bit" : "bits", 4, 1, 32) != 4)
            refuse("awq of other than 4 bits");
        config.group_size = groupSize();
        return config;
    }

    PackingConfig fp8() const
    {
        PackingConfig config;
        config.method = PackingConfig::Method::fp8;
        config.bits = 8;
        const auto block = m_object.find("weight_block_size");
        if (block != m_object.end() && !block->is_null()) {
            const auto isSize = [](const json& size) {
                return size.is_number_integer() && size > 0 && size <= 1 << 20;
            };
            if (!block->is_array() || block->size() != 2 || !isSize((*block)[0])
                || !isSize((*block)[1]))
                failFile(m_file, "weight_block_size must be two sizes above 0");
            config.block_rows = (*block)[0];
            config.block_cols = (*block)[1];
        }
        return config;
    }

    int64_t groupSize() const
    {
        const int64_t size = number(
            m_object.contains("q_group_size") ? "q_group_size" : "group_size", 128, -1, 1 << 20);
        return size > 0 ? size : 0;
    }

    int64_t number(const char* key, int64_t otherwise, int64_t low, int64_t high) const
    {
        const auto found = m_object.find(key);
        if (found == m_object.end() || found->is_null())
            return otherwise;
        if (!found->is_number_integer() || *found < low || *found > high)
            failFile(m_file,
                std::string(key) + " of the quantization must be a whole number from "
                    + std::to_string(low) + " to " + std::to_string(high));
        return found->get<int64_t>();
    }

    [[noreturn]] void refuse(const std::string& method) const
    {
        failFile(m_file,
            "weights packed as gptq, awq (gemm) or fp8 were expected, found " + shown(method, 60)
                + "; use the original model, or one that is packed so");
    }

    const json& m_object;
    std::filesystem::path m_file;
};

bool removeSuffix(std::string& name, std::string_view suffix)
{
    if (!name.ends_with(suffix))
        return false;
    name.resize(name.size() - suffix.size());
    return true;
}

std::string nameOf(const PackingConfig& config)
{
    switch (config.method) {
    case PackingConfig::Method::gptq:
        return "GPTQ, " + std::to_string(config.bits) + " bits";
    case PackingConfig::Method::awq:
        return "AWQ, 4 bits";
    default:
        return "F8_E4M3 with scales";
    }
}

} // namespace

std::optional<PackingConfig> parsePackingConfig(
    const json& config, const json* old, const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "config.json";
    const auto found = config.find("quantization_config");
    if (found != config.end() && !found->is_null()) {
        if (!found->is_object())
            failFile(file, "quantization_config must be an object");
        return ConfigReader(*found, file).read("");
    }
    // As AutoGPTQ wrote at first.
    if (!old)
        return {};
    return ConfigReader(*old, folder / "quantize_config.json").read("gptq");
}

std::optional<PackingConfig> readPackingConfig(const std::filesystem::path& folder)
{
    const json config = readJsonFile(folder / "config.json");
    const std::filesystem::path file = folder / "quantize_config.json";
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return parsePackingConfig(config, nullptr, folder);
    const auto found = config.find("quantization_config");
    if (found != config.end() && !found->is_null())
        return parsePackingConfig(config, nullptr, folder);
    const json old = readJsonFile(file);
    return parsePackingConfig(config, &old, folder);
}

DType nearestFormat(const PackingConfig& config)
{
    return config.bits == 8 ? DType::q8 : DType::q4;
}

std::optional<PackedWeights> unpackWeights(
    Checkpoint& checkpoint, const std::filesystem::path& folder)
{
    const std::optional<PackingConfig> config = readPackingConfig(folder);
    if (!config)
        return {};
    const bool is_fp8 = config->method == PackingConfig::Method::fp8;
    auto view = std::make_unique<PackedView>(checkpoint.path(), nameOf(*config));
    std::vector<std::string> replaced;
    PackedWeights result{*config, view.get(), nearestFormat(*config)};
    for (const auto& [stored_name, tensor] : checkpoint.tensors()) {
        std::string name = stored_name;
        if (is_fp8 ? tensor.info->dtype != "F8_E4M3" || tensor.info->shape.size() != 2
                    || !removeSuffix(name, ".weight")
                   : !removeSuffix(name, ".qweight"))
            continue;
        view->add(name + ".weight",
            is_fp8 ? openFp8(checkpoint, name, *config)
                   : openGroupPacked(checkpoint, name, *config));
        ++result.n_matrices;
        for (const char* suffix : {".qweight", ".qzeros", ".scales", ".g_idx"})
            if (!is_fp8 && checkpoint.find(name + suffix))
                replaced.push_back(name + suffix);
        for (const char* suffix : {".weight", ".weight_scale", ".weight_scale_inv", ".input_scale"})
            if (is_fp8 && checkpoint.find(name + suffix))
                replaced.push_back(name + suffix);
    }
    checkpoint.replace(replaced, std::move(view));
    return result;
}

} // namespace gorgon
