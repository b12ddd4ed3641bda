// SPDX-License-Identifier: Apache-2.0
// Storages and tensors of a pickle. Names in it become an enum; to apply one knows three pairs of
// name and arguments, and builds plain records from them.
#pragma once

#include "core/model/pickle_reader.h"
#include "core/model/pickle_stack.h"

namespace gorgon::pickle {

struct Storage
{
    const char* dtype = nullptr;
    std::string_view key;
    int64_t n_elements = 0;
};

struct Tensor
{
    uint32_t storage = 0;
    int64_t offset = 0;
    uint32_t shape = 0; // values of kind tuple
    uint32_t strides = 0;
};

class Tensors : public Stack
{
public:
    using Stack::Stack;

protected:
    void pushGlobal();
    void loadStorage();
    void reduce();
    void rebuildTensor(const Value& arguments);
    void build();
    /// The tensors of one dictionary.
    std::vector<PickledTensor> collect(uint32_t dict) const;
    /// Finds the first dictionary with tensors in another, and its name; "" where there is none.
    std::string_view innerDict(uint32_t dict, uint32_t& inner) const;

private:
    std::vector<Storage> m_storages;
    std::vector<Tensor> m_tensors;
    std::unordered_map<std::string_view, uint32_t> m_storage_of_key;
};

} // namespace gorgon::pickle
