// SPDX-License-Identifier: Apache-2.0
#include "core/model/pickle_tensors.h"

#include <iterator>
#include <unordered_set>

#include "core/model/file_error.h"

namespace gorgon::pickle {

namespace {

constexpr size_t kMaxPickledTensors = 100'000;
constexpr size_t kMaxPickledRank = 16;

constexpr std::pair<std::string_view, const char*> kStorageTypes[] = {{"FloatStorage", "F32"},
    {"HalfStorage", "F16"}, {"BFloat16Storage", "BF16"}, {"DoubleStorage", "F64"},
    {"LongStorage", "I64"}, {"IntStorage", "I32"}, {"ShortStorage", "I16"}, {"CharStorage", "I8"},
    {"ByteStorage", "U8"}, {"BoolStorage", "BOOL"}};

/// What is wrong with a pickle that asks for a name.
std::string refusal(std::string_view module, std::string_view name)
{
    const std::string full = "\"" + shown(module, 60) + "." + shown(name, 60) + "\"";
    if (module == "torch._utils" && name.starts_with("_rebuild_sparse"))
        return "it holds a sparse tensor (" + full
            + "); save the state dict again with dense tensors";
    if (module == "torch._utils" && name.starts_with("_rebuild_qtensor"))
        return "it holds a quantised tensor (" + full
            + "); save the state dict of the model before it was quantised";
    for (const std::string_view code :
        {"torch.nn.modules.", "transformers.", "medusa.", "peft.", "__main__"})
        if (module.starts_with(code))
            return "it holds a whole program object (" + full
                + "), not weights alone; save the state dict instead: "
                  "torch.save(model.state_dict(), "
                  "FILE)";
    return "it asks for " + full + ", which weights do not need; do not trust this file";
}

} // namespace

void Tensors::pushGlobal()
{
    const std::string_view module = line();
    const std::string_view name = line();
    Value value;
    value.kind = Kind::global;
    const bool is_rebuild = module == "torch._utils";
    if (module == "collections" && name == "OrderedDict") {
        value.global = Global::ordered_dict;
    } else if (is_rebuild && (name == "_rebuild_tensor_v2" || name == "_rebuild_tensor")) {
        value.global = Global::rebuild_tensor;
    } else if (is_rebuild && name == "_rebuild_parameter") {
        value.global = Global::rebuild_parameter;
    } else {
        value.global = Global::storage_type;
        const size_t n = std::size(kStorageTypes);
        while (value.count < n && !(module == "torch" && name == kStorageTypes[value.count].first))
            ++value.count;
        if (value.count == n)
            fail(refusal(module, name));
    }
    push(value);
}

// ("storage", type, key, location, elements)
void Tensors::loadStorage()
{
    const Value reference = m_values[popId()];
    if (reference.kind != Kind::tuple || reference.count != 5)
        fail("a storage must be a tuple of five");
    const Value& tag = item(reference, 0);
    const Value& type = item(reference, 1);
    const Value& key = item(reference, 2);
    const Value& elements = item(reference, 4);
    if (tag.kind != Kind::text || text(tag) != "storage" || type.kind != Kind::global
        || type.global != Global::storage_type || key.kind != Kind::text
        || item(reference, 3).kind != Kind::text || elements.kind != Kind::integer
        || elements.number < 0)
        fail("a storage must be (\"storage\", type, key, place, elements)");
    const Storage storage{kStorageTypes[type.count].second, text(key), elements.number};
    const auto [known, is_new] = m_storage_of_key.emplace(storage.key, uint32_t(m_storages.size()));
    if (is_new)
        m_storages.push_back(storage);
    const Storage& first = m_storages[known->second];
    if (first.dtype != storage.dtype || first.n_elements != storage.n_elements)
        fail("the storage \"" + shown(storage.key) + "\" is described in two ways");
    Value value;
    value.kind = Kind::storage;
    value.first = known->second;
    push(value);
}

void Tensors::reduce()
{
    const Value arguments = m_values[popId()];
    const Value callee = m_values[popId()];
    if (callee.kind != Kind::global || arguments.kind != Kind::tuple)
        fail("it applies something that is no known name");
    switch (callee.global) {
    case Global::ordered_dict:
        if (arguments.count != 0)
            fail("an OrderedDict with arguments is not supported");
        pushDict(Kind::ordered_dict);
        return;
    case Global::rebuild_tensor:
        rebuildTensor(arguments);
        return;
    case Global::rebuild_parameter:
        if (arguments.count != 3 || item(arguments, 0).kind != Kind::tensor)
            fail("a parameter must be made of a tensor");
        pushId(m_items[arguments.first]);
        return;
    case Global::storage_type:
        fail("it applies the name of a storage type");
    }
}

// (storage, offset, shape, strides[, requires_grad, hooks[, metadata]])
void Tensors::rebuildTensor(const Value& arguments)
{
    if (arguments.count < 4 || arguments.count > 7)
        fail("a tensor must be made of 4 to 7 arguments");
    if (m_tensors.size() >= kMaxPickledTensors)
        fail("it has more than " + std::to_string(kMaxPickledTensors) + " tensors");
    const Value& storage = item(arguments, 0);
    const Value& offset = item(arguments, 1);
    const Value& shape = item(arguments, 2);
    const Value& strides = item(arguments, 3);
    if (storage.kind != Kind::storage || offset.kind != Kind::integer || offset.number < 0)
        fail("a tensor must be made of a storage and an offset");
    if (shape.kind != Kind::tuple || strides.kind != Kind::tuple || shape.count != strides.count
        || shape.count > kMaxPickledRank)
        fail("a tensor must have a shape and as many strides, at most "
            + std::to_string(kMaxPickledRank));
    for (uint32_t i = 0; i < shape.count; ++i)
        for (const Value& size : {item(shape, i), item(strides, i)})
            if (size.kind != Kind::integer || size.number < 0)
                fail("sizes and strides of a tensor must be integers that are not negative");
    Tensor tensor;
    tensor.storage = storage.first;
    tensor.offset = offset.number;
    tensor.shape = m_items[arguments.first + 2];
    tensor.strides = m_items[arguments.first + 3];
    Value value;
    value.kind = Kind::tensor;
    value.first = uint32_t(m_tensors.size());
    m_tensors.push_back(tensor);
    push(value);
}

// A state dictionary carries its _metadata as attributes, which do not concern its tensors.
void Tensors::build()
{
    const Value state = m_values[popId()];
    if (top().kind != Kind::ordered_dict || !isDict(state))
        fail(std::string("it sets attributes of ") + kindName(top().kind));
}

std::vector<PickledTensor> Tensors::collect(uint32_t dict) const
{
    std::vector<PickledTensor> result;
    std::unordered_set<std::string_view> names;
    for (const DictEntry& entry : m_entries) {
        const Value& key = m_values[entry.key];
        const Value& value = m_values[entry.value];
        if (entry.dict != dict)
            continue;
        if (key.kind == Kind::text && !names.insert(text(key)).second)
            fail("the name \"" + shown(text(key)) + "\" is there twice");
        if (key.kind != Kind::text || value.kind != Kind::tensor)
            continue;
        const Tensor& tensor = m_tensors[value.first];
        const Storage& storage = m_storages[tensor.storage];
        PickledTensor& out = result.emplace_back();
        out.name = text(key);
        out.dtype = storage.dtype;
        out.storage = storage.key;
        out.storage_elements = storage.n_elements;
        out.offset = tensor.offset;
        const Value& shape = m_values[tensor.shape];
        const Value& strides = m_values[tensor.strides];
        for (uint32_t i = 0; i < shape.count; ++i) {
            out.shape.push_back(item(shape, i).number);
            out.strides.push_back(item(strides, i).number);
        }
    }
    return result;
}

std::string_view Tensors::innerDict(uint32_t dict, uint32_t& inner) const
{
    std::unordered_set<uint32_t> with_tensors;
    for (const DictEntry& entry : m_entries)
        if (m_values[entry.key].kind == Kind::text && m_values[entry.value].kind == Kind::tensor)
            with_tensors.insert(entry.dict);
    for (const DictEntry& entry : m_entries) {
        const Value& key = m_values[entry.key];
        const Value& value = m_values[entry.value];
        if (entry.dict != dict || key.kind != Kind::text || !isDict(value)
            || !with_tensors.contains(value.first))
            continue;
        inner = value.first;
        return text(key);
    }
    return {};
}

} // namespace gorgon::pickle
