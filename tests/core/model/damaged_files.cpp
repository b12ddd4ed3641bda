// SPDX-License-Identifier: Apache-2.0
#include "tests/core/model/damaged_files.h"

#include <random>

#include <nlohmann/json.hpp>

#include "tests/support/tiny_model.h"
#include "tests/support/torch_writer.h"

namespace gorgon::tests {

namespace {

using nlohmann::ordered_json;

constexpr const char* kSafetensors = "model.safetensors";
constexpr const char* kArchive = "pytorch_model.bin";

const std::vector<std::string>& tensorNames()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result;
        for (const WrittenTensor& tensor : tinyTensors())
            result.push_back(tensor.name);
        return result;
    }();
    return names;
}

/// The sound header as JSON, and its data.
ordered_json soundHeader(std::string& data)
{
    ordered_json header = ordered_json::object();
    for (const WrittenTensor& tensor : tinyTensors()) {
        header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape},
            {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
        data += tensor.bytes;
    }
    return header;
}

Damage inSafetensors(
    const std::string& what, const std::string& bytes, std::vector<std::string> names = {})
{
    return {what, {{"config.json", kTinyConfig}, {kSafetensors, bytes}}, true, std::move(names)};
}

/// Replaces one field of one tensor in the header; other tensors may be named, as overlaps have two
/// sides.
void addFieldEdits(
    std::vector<Damage>& all, const char* field, const std::vector<std::string>& values)
{
    for (const std::string& name : tensorNames())
        for (const std::string& value : values) {
            std::string data;
            ordered_json header = soundHeader(data);
            const ordered_json replacement = ordered_json::parse(value);
            if (header[name][field] == replacement)
                continue;
            header[name][field] = replacement;
            all.push_back(inSafetensors(std::string(field) + " of " + name + ": " + value,
                safetensorsOf(header.dump(), data), tensorNames()));
        }
}

} // namespace

std::vector<Damage> damagedSafetensors(uint32_t seed)
{
    std::mt19937_64 random(seed);
    std::vector<Damage> all;
    std::string data;
    const std::string header = soundHeader(data).dump();
    const std::string sound = safetensorsOf(header, data);
    // M1: the length of the header.
    std::vector<uint64_t> lengths = {0, 1, 2, header.size() - 1, header.size() + 1, sound.size(),
        sound.size() - 7, uint64_t(100) << 20, (uint64_t(100) << 20) + 1, uint64_t(1) << 31,
        uint64_t(1) << 32, uint64_t(1) << 63, UINT64_MAX, UINT64_MAX - 7};
    for (int i = 0; i < 12; ++i)
        lengths.push_back(random() >> (random() % 60));
    for (const uint64_t length : lengths)
        if (length != header.size())
            all.push_back(inSafetensors("header length " + std::to_string(length),
                littleEndian(length, 8) + header + data));
    // M2: offsets; M3: shapes; M5: types.
    addFieldEdits(all, "data_offsets",
        {"[4, 8]", "[0, 0]", "[8, 4]", "[-4, 0]", "[0, 1e3]", "[\"0\", 4]", "[0]", "[0, 4, 8]",
            "[0, 18446744073709551615]", "[9223372036854775807, 9223372036854775807]", "null",
            "[" + std::to_string(data.size()) + ", " + std::to_string(data.size() + 32) + "]"});
    addFieldEdits(all, "shape",
        {"[2147483648, 2147483648, 4]", "[4294967296, 4294967296]", "[9223372036854775807, 2]",
            "[18446744073709551615]", "[-1, 8]", "[8.0]", "\"8\"", "[3]", "[1,1,1,1,1,1,1,1,1,1,1]",
            "[0]", "[]", "[[8]]", "null"});
    addFieldEdits(all, "dtype",
        {"\"F4\"", "\"f32\"", "\"I128\"", "\"\"", "\"F32 \"", "\"F64\"", "\"I8\"", "\"BF16\"", "32",
            "null", "[\"F32\"]"});
    // M4: grammar.
    const std::string rest = header.substr(1);
    for (const std::string& text : {"\xEF\xBB\xBF" + header, std::string("[") + header + "]",
             "{\"\xFF\": 1, " + rest, std::string(100'000, '['), std::string(100'000, '{'),
             "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "," + rest,
             "{\"lm_head.weight\": {}, " + rest, "{\"lm_\\u0068ead.weight\": {}, " + rest,
             "{\"__metadata__\": {\"a\": 1}, " + rest, "{\"__metadata__\": [], " + rest,
             "{\"__metadata__\": {}, \"__metadata__\": {}, " + rest, header + "x", header + header,
             "{" + rest.substr(0, rest.size() - 1), "{\"x\": {\"dtype\": \"F32\"}, " + rest,
             std::string("null"), std::string("{}"), header + std::string(1, '\0')})
        all.push_back(inSafetensors("header " + text.substr(0, 40), safetensorsOf(text, data)));
    all.push_back(inSafetensors("bytes behind the data", sound + "PK\x03\x04"));
    for (int i = 0; i < 40; ++i) {
        const size_t size = random() % sound.size();
        all.push_back(inSafetensors("cut to " + std::to_string(size), sound.substr(0, size)));
    }
    return all;
}

std::vector<Damage> damagedIndexes(uint32_t seed)
{
    std::mt19937_64 random(seed);
    std::vector<Damage> all;
    const std::vector<WrittenTensor> tensors = tinyTensors();
    const auto build = [&](const std::string& what, const std::string& edited,
                           const ordered_json& shard, std::vector<std::string> names) {
        std::vector<WrittenTensor> parts[2];
        ordered_json map = ordered_json::object();
        for (const WrittenTensor& tensor : tensors) {
            const size_t part = random() % 2;
            parts[part].push_back(tensor);
            map[tensor.name] = part == 0 ? "a.safetensors" : "b.safetensors";
        }
        for (auto& part : parts) // no shard is empty
            part.push_back(floatTensor(&part == parts ? "spare.a" : "spare.b", {1}));
        if (shard == "both") {
            for (auto& part : parts)
                if (std::none_of(part.begin(), part.end(),
                        [&](const WrittenTensor& tensor) { return tensor.name == edited; }))
                    part.push_back(floatTensor(edited, {1}));
        } else if (shard == "other") {
            map[edited] = map[edited] == "a.safetensors" ? "b.safetensors" : "a.safetensors";
        } else {
            map[edited] = shard;
        }
        const std::string index
            = ordered_json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump();
        all.push_back({what,
            {{"config.json", kTinyConfig}, {"a.safetensors", safetensorsOf(parts[0])},
                {"b.safetensors", safetensorsOf(parts[1])},
                {"model.safetensors.index.json", index}},
            true, std::move(names)});
    };
    // M6.
    for (const std::string& name : tensorNames()) {
        for (const char* shard : {"../x.safetensors", "/etc/passwd", "", ".", "..",
                 "sub/a.safetensors", "c.safetensors", "a.safetensors\\..", "A.safetensors"})
            build("shard of " + name + ": " + shard, name, shard, {name, shard});
        build("shard of " + name + ": a number", name, 3, {name});
        build(name + " in the other shard", name, "other", {name});
        build(name + " in both shards", name, "both", {name});
        build("a tensor that is nowhere", name + ".bias", "a.safetensors", {name + ".bias"});
    }
    return all;
}

std::vector<Damage> damagedArchives(uint32_t seed)
{
    std::mt19937_64 random(seed);
    std::vector<Damage> all;
    const std::vector<WrittenTensor> tensors = tinyTensors();
    const auto add = [&](const std::string& what, const std::string& bytes,
                         std::vector<std::string> names = {}) {
        all.push_back(
            {what, {{"config.json", kTinyConfig}, {kArchive, bytes}}, true, std::move(names)});
    };
    // M9: one tensor's storage and view.
    struct View
    {
        const char* what;
        int64_t elements, offset;
        std::vector<int64_t> shape, strides;
    };
    for (size_t edited = 0; edited < tensors.size(); ++edited) {
        const std::vector<int64_t>& shape = tensors[edited].shape;
        const auto n = int64_t(tensors[edited].bytes.size() / 4);
        std::vector<int64_t> strides(shape.size(), 1);
        for (size_t i = strides.size(); i-- > 1;)
            strides[i - 1] = strides[i] * shape[i];
        std::vector<int64_t> wider = shape;
        wider.back() *= 2;
        std::vector<int64_t> steps = strides;
        steps.back() = 2;
        for (const View& view : {View{"one element more", n + 1, 0, shape, strides},
                 View{"one element less", n - 1, 0, shape, strides},
                 View{"no end of elements", INT64_MAX, 0, shape, strides},
                 View{"an offset", n, 1, shape, strides},
                 View{"a negative offset", n, -1, shape, strides},
                 View{"the largest offset", n, INT64_MAX, shape, strides},
                 View{"a wider shape", n, 0, wider, strides},
                 View{"the largest shape", n, 0, {INT64_MAX, INT64_MAX}, {1, 1}},
                 View{"a step of two", n, 0, shape, steps},
                 View{"a negative shape", n, 0, {-8}, {1}}})
        {
            PickleWriter pickle;
            pickle.raw("}(");
            std::vector<ZipPart> parts = torchParts(tensors);
            for (size_t i = 0; i < tensors.size(); ++i) {
                const WrittenTensor& tensor = tensors[i];
                std::vector<int64_t> own(tensor.shape.size(), 1);
                for (size_t k = own.size(); k-- > 1;)
                    own[k - 1] = own[k] * tensor.shape[k];
                const View as_is{"", int64_t(tensor.bytes.size() / 4), 0, tensor.shape, own};
                const View& used = i == edited ? view : as_is;
                pickle.text(tensor.name)
                    .tensor("FloatStorage", std::to_string(i), used.elements, used.offset,
                        used.shape, used.strides);
            }
            pickle.raw("u.");
            parts[0] = zipPart("a/data.pkl", pickle.bytes);
            // note: what is wrong within the pickle is named by its kind, as no name is known yet.
            add(tensors[edited].name + " with " + view.what, zipOf(parts),
                {tensors[edited].name, "offset", "sizes and strides"});
        }
    }
    // M10: one entry's records.
    const size_t n_parts = torchParts(tensors).size();
    for (size_t i = 0; i < n_parts; ++i) {
        const auto edit = [&](const char* what, const auto& change) {
            std::vector<ZipPart> parts = torchParts(tensors);
            change(parts[i]);
            add(std::string("entry ") + std::to_string(i) + ": " + what, zipOf(parts));
        };
        edit("another local name", [](ZipPart& part) { part.local.name[2] ^= 1; });
        edit("another central name", [](ZipPart& part) { part.central.name[2] ^= 1; });
        edit("encrypted", [](ZipPart& part) { part.local.flags |= 1, part.central.flags |= 1; });
        edit("deflated", [](ZipPart& part) { part.local.method = part.central.method = 8; });
        edit("a wrong checksum", [](ZipPart& part) { part.central.crc ^= 1; });
        edit("larger than the file", [](ZipPart& part) { part.central.bytes = 1 << 30; });
        edit("packed otherwise", [](ZipPart& part) { part.central.packed += 1; });
        edit("an offset beside it", [](ZipPart& part) { part.offset_error = 4; });
        edit("a gap before it", [](ZipPart& part) { part.gap = "hidden"; });
        edit("a name that climbs",
            [](ZipPart& part) { part.local.name = part.central.name = "a/../../b"; });
    }
    const std::string sound = torchOf(tensors);
    for (int i = 0; i < 40; ++i) {
        const size_t size = random() % sound.size();
        add("cut to " + std::to_string(size), sound.substr(0, size));
    }
    // M7, M8: any byte of the pickle, under a right checksum.
    const std::string pickle = torchParts(tensors)[0].data;
    for (int i = 0; i < 100; ++i) {
        std::string bytes = pickle;
        bytes[random() % bytes.size()] = char(random());
        std::vector<ZipPart> parts = torchParts(tensors);
        parts[0] = zipPart("a/data.pkl", bytes);
        add("byte of the pickle", zipOf(parts));
        all.back().must_fail = false; // an unused flag may have changed
    }
    return all;
}

std::vector<Damage> damagedConfigs(uint32_t seed)
{
    std::mt19937_64 random(seed);
    std::vector<Damage> all;
    const std::string weights = safetensorsOf(tinyTensors());
    const auto add = [&](const std::string& field, const ordered_json& value,
                         std::vector<std::string> names) {
        ordered_json config = ordered_json::parse(kTinyConfig);
        config[field] = value;
        all.push_back({field + ": " + value.dump().substr(0, 60),
            {{"config.json", config.dump()}, {kSafetensors, weights}}, true, std::move(names)});
    };
    // M14: no field of a count takes these.
    for (const std::string field :
        {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "vocab_size", "head_dim", "max_position_embeddings"})
        for (const char* value : {"-1", "0", "1e10", "\"8\"", "[8]", "{}", "true", "8.5",
                 "2147483648", "9223372036854775807", "18446744073709551615", "-1e300"})
            add(field, ordered_json::parse(value), {field});
    for (const std::string field : {"rope_theta", "rms_norm_eps"})
        for (const char* value : {"-1", "0", "1e300", "\"1\"", "[]", "true", "-1e-300"})
            add(field, ordered_json::parse(value), {field});
    for (const char* value : {"\"x\"", "3", "{\"type\": \"x\", \"factor\": 2}",
             "{\"type\": \"linear\"}", "{\"type\": \"yarn\", \"factor\": -1}",
             "{\"type\": \"llama3\", \"factor\": 8}", "{\"type\": 1}", "[1]"})
        for (const char* field : {"rope_scaling", "rope_parameters"})
            add(field, ordered_json::parse(value),
                {"rope_scaling", "rope_parameters", "rope scaling"});
    // Counts that are sound in themselves and contradict the tensors.
    for (int i = 0; i < 60; ++i) {
        const char* const fields[] = {"intermediate_size", "num_hidden_layers", "vocab_size",
            "num_key_value_heads", "head_dim", "hidden_size"};
        const std::string field = fields[random() % 6];
        const int value = field == "vocab_size" ? 7 + int(random() % 500)
            : field == "num_key_value_heads"    ? 1
                                                : 12 + 2 * int(random() % 200);
        std::vector<std::string> names = tensorNames();
        names.insert(names.end(), {field, "model.layers."});
        add(field, value, names);
    }
    return all;
}

std::vector<Damage> randomDamage(uint32_t seed, int n)
{
    std::mt19937_64 random(seed);
    std::vector<Damage> all;
    const std::string config = kTinyConfig;
    for (int i = 0; i < n; ++i) {
        const bool archive = i % 2 == 1;
        Damage damage;
        damage.what = "random";
        damage.must_fail = false;
        damage.files["config.json"] = config;
        std::string& weights = damage.files[archive ? kArchive : kSafetensors];
        weights = archive ? torchOf(tinyTensors()) : safetensorsOf(tinyTensors());
        std::string& bytes = i % 5 == 0 ? damage.files["config.json"] : weights;
        for (int edits = 1 + int(random() % 4); edits > 0; --edits) {
            // Half of them near the beginning, where everything is that decides.
            const size_t range = random() % 2 ? bytes.size() : std::min<size_t>(bytes.size(), 300);
            const size_t at = random() % range;
            const size_t length = random() % 9;
            if (const uint64_t kind = random() % 4; kind < 2)
                bytes[at] = char(random());
            else if (kind == 2)
                bytes.insert(at, length, char(random()));
            else
                bytes.erase(at, length);
        }
        all.push_back(std::move(damage));
    }
    return all;
}

} // namespace gorgon::tests
