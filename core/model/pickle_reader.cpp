// SPDX-License-Identifier: Apache-2.0
// Opcodes after CPython's Lib/pickletools.py. A stack of values; globals become an enum; REDUCE
// knows three pairs of global and arguments and builds plain records from them.
#include "core/model/pickle_reader.h"

#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

constexpr size_t kMaxValues = 2'000'000;
constexpr size_t kMaxPickledTensors = 100'000;
constexpr size_t kMaxPickledRank = 16;

enum class Kind : uint8_t
{
    mark,
    none,
    boolean,
    integer,
    real,
    text,
    tuple,
    list,
    dict,
    ordered_dict,
    global,
    storage,
    tensor,
};

enum class Global : uint8_t
{
    ordered_dict,
    rebuild_tensor,
    rebuild_parameter,
    storage_type,
};

constexpr const char* kindName(Kind kind)
{
    constexpr const char* kNames[]
        = {"a mark", "None", "a boolean", "an integer", "a real number", "text", "a tuple",
            "a list", "a dictionary", "a dictionary", "a name", "a storage", "a tensor"};
    return kNames[size_t(kind)];
}

/// 24 bytes; what it refers to lies in the arenas of the reader.
struct Value
{
    Kind kind = Kind::none;
    Global global = Global::ordered_dict;
    uint32_t first
        = 0; // text: offset in the pickle; tuple: in m_items; storage, tensor, dict: index
    uint32_t count = 0; // text: bytes; tuple: items; storage type: index in kStorageTypes
    int64_t number = 0;
};

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

struct DictEntry
{
    uint32_t dict = 0;
    uint32_t key = 0;
    uint32_t value = 0;
};

constexpr std::pair<std::string_view, const char*> kStorageTypes[] = {{"FloatStorage", "F32"},
    {"HalfStorage", "F16"}, {"BFloat16Storage", "BF16"}, {"DoubleStorage", "F64"},
    {"LongStorage", "I64"}, {"IntStorage", "I32"}, {"ShortStorage", "I16"}, {"CharStorage", "I8"},
    {"ByteStorage", "U8"}, {"BoolStorage", "BOOL"}};

class PickleReader
{
public:
    PickleReader(std::string_view bytes, const std::filesystem::path& file)
        : m_bytes(bytes)
        , m_file(file)
    {
    }

    std::vector<PickledTensor> read()
    {
        while (!m_is_done)
            step();
        if (m_at != m_bytes.size())
            fail("bytes follow its end");
        if (m_stack.size() != 1)
            fail("it ends with " + std::to_string(m_stack.size()) + " values instead of one");
        const Value& top = m_values[m_stack.front()];
        if (top.kind != Kind::dict && top.kind != Kind::ordered_dict)
            fail(std::string("a dictionary of tensors was expected, ") + kindName(top.kind)
                + " was found");
        return collect(top.first);
    }

private:
    [[noreturn]] void fail(const std::string& sentence) const
    {
        failFile(m_file, "the pickle of the torch archive is not acceptable: " + sentence);
    }

    // Bytes of the pickle.

    std::string_view take(uint64_t n)
    {
        if (n > m_bytes.size() - m_at)
            fail("it is cut off");
        const std::string_view result = m_bytes.substr(m_at, n);
        m_at += n;
        return result;
    }

    uint64_t unsignedNumber(int n)
    {
        const std::string_view bytes = take(uint64_t(n));
        uint64_t value = 0;
        for (int i = n - 1; i >= 0; --i)
            value = value << 8 | uint8_t(bytes[size_t(i)]);
        return value;
    }

    int64_t longNumber(uint64_t n)
    {
        if (n > 8)
            fail("an integer of " + std::to_string(n) + " bytes is too long");
        const std::string_view bytes = take(n);
        uint64_t value = n > 0 && uint8_t(bytes[n - 1]) >= 0x80 ? ~uint64_t(0) : 0;
        for (size_t i = n; i-- > 0;)
            value = value << 8 | uint8_t(bytes[i]);
        return int64_t(value);
    }

    std::string_view line()
    {
        const size_t end = m_bytes.find('\n', m_at);
        if (end == std::string_view::npos || end - m_at > 1000)
            fail("a line in it does not end");
        const std::string_view result = m_bytes.substr(m_at, end - m_at);
        m_at = end + 1;
        return result;
    }

    int64_t decimalLine()
    {
        std::string_view text = line();
        if (text.ends_with('L'))
            text.remove_suffix(1);
        int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            fail("\"" + shown(text, 40) + "\" is no integer");
        return value;
    }

    // The stack.

    void push(const Value& value)
    {
        if (m_values.size() >= kMaxValues)
            fail("it has more than " + std::to_string(kMaxValues) + " values");
        pushId(uint32_t(m_values.size()));
        m_values.push_back(value);
    }

    void pushId(uint32_t id)
    {
        if (m_stack.size() >= kMaxValues)
            fail("its stack has more than " + std::to_string(kMaxValues) + " values");
        m_stack.push_back(id);
    }

    void push(Kind kind, int64_t number = 0)
    {
        Value value;
        value.kind = kind;
        value.number = number;
        push(value);
    }

    void pushText(std::string_view text)
    {
        if (!isValidUtf8(text))
            fail("text in it is no UTF-8");
        Value value;
        value.kind = Kind::text;
        value.first = uint32_t(text.data() - m_bytes.data());
        value.count = uint32_t(text.size());
        push(value);
    }

    void pushDict(Kind kind)
    {
        Value value;
        value.kind = kind;
        value.first = m_n_dicts++;
        push(value);
    }

    uint32_t popId()
    {
        if (m_stack.empty() || m_values[m_stack.back()].kind == Kind::mark)
            fail("it takes a value from an empty stack");
        const uint32_t id = m_stack.back();
        m_stack.pop_back();
        return id;
    }

    Value& top()
    {
        if (m_stack.empty() || m_values[m_stack.back()].kind == Kind::mark)
            fail("it uses a value of an empty stack");
        return m_values[m_stack.back()];
    }

    std::string_view text(const Value& value) const
    {
        return m_bytes.substr(value.first, value.count);
    }

    /// Pops what lies above the last mark, and the mark.
    std::vector<uint32_t> popToMark()
    {
        if (m_marks.empty())
            fail("a mark is missing");
        const size_t mark = m_marks.back();
        m_marks.pop_back();
        std::vector<uint32_t> result(m_stack.begin() + std::ptrdiff_t(mark) + 1, m_stack.end());
        m_stack.resize(mark);
        return result;
    }

    void pushTuple(const std::vector<uint32_t>& items)
    {
        Value value;
        value.kind = Kind::tuple;
        value.first = uint32_t(m_items.size());
        value.count = uint32_t(items.size());
        m_items.insert(m_items.end(), items.begin(), items.end());
        push(value);
    }

    void pushShortTuple(int n)
    {
        std::vector<uint32_t> items(size_t(n), 0);
        for (size_t i = items.size(); i-- > 0;)
            items[i] = popId();
        pushTuple(items);
    }

    const Value& item(const Value& tuple, uint32_t i) const
    {
        return m_values[m_items[tuple.first + i]];
    }

    // The memo.

    void remember(uint64_t key)
    {
        top();
        if (key > kMaxValues)
            fail("a memo key is too large");
        m_memo[key] = m_stack.back();
    }

    void recall(uint64_t key)
    {
        const auto place = m_memo.find(key);
        if (place == m_memo.end())
            fail("it refers to a value that was never remembered");
        pushId(place->second);
    }

    // Names, storages, tensors.

    void pushGlobal()
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
            while (
                value.count < n && !(module == "torch" && name == kStorageTypes[value.count].first))
                ++value.count;
            if (value.count == n)
                fail("it asks for \"" + shown(module, 60) + "." + shown(name, 60)
                    + "\", which weights do not need; do not trust this file");
        }
        push(value);
    }

    // ("storage", type, key, location, elements)
    void loadStorage()
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
        const auto [known, is_new]
            = m_storage_of_key.emplace(storage.key, uint32_t(m_storages.size()));
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

    void reduce()
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
    void rebuildTensor(const Value& arguments)
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

    // Dictionaries and lists.

    static bool isDict(const Value& value)
    {
        return value.kind == Kind::dict || value.kind == Kind::ordered_dict;
    }

    void setItems(const std::vector<uint32_t>& items)
    {
        if (items.size() % 2 != 0)
            fail("a key has no value");
        const Value& dict = top();
        if (!isDict(dict))
            fail(std::string("it sets an item of ") + kindName(dict.kind));
        for (size_t i = 0; i < items.size(); i += 2) {
            const Kind key = m_values[items[i]].kind;
            if (key != Kind::text && key != Kind::integer)
                fail(std::string("a key must be text or an integer, it is ") + kindName(key));
            if (m_entries.size() >= kMaxValues)
                fail("its dictionaries have more than " + std::to_string(kMaxValues) + " entries");
            m_entries.push_back({dict.first, items[i], items[i + 1]});
        }
    }

    void appendTo(const Value& list)
    {
        // What a list holds is never a weight that we read.
        if (list.kind != Kind::list)
            fail(std::string("it appends to ") + kindName(list.kind));
    }

    // A state dictionary carries its _metadata as attributes, which do not concern its tensors.
    void build()
    {
        const Value state = m_values[popId()];
        if (top().kind != Kind::ordered_dict || !isDict(state))
            fail(std::string("it sets attributes of ") + kindName(top().kind));
    }

    void step();
    void stepContainers(uint8_t opcode);

    std::vector<PickledTensor> collect(uint32_t dict) const
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
        if (result.empty())
            fail("its dictionary holds no tensor under a name");
        return result;
    }

    std::string_view m_bytes;
    const std::filesystem::path& m_file;
    size_t m_at = 0;
    bool m_is_done = false;
    std::vector<Value> m_values; // every value ever made; ids index it
    std::vector<uint32_t> m_stack;
    std::vector<size_t> m_marks; // their places in m_stack
    std::vector<uint32_t> m_items; // of tuples
    std::vector<DictEntry> m_entries; // of all dictionaries, in order
    std::vector<Storage> m_storages;
    std::vector<Tensor> m_tensors;
    std::unordered_map<std::string_view, uint32_t> m_storage_of_key;
    std::unordered_map<uint64_t, uint32_t> m_memo;
    uint32_t m_n_dicts = 0;
};

void PickleReader::step()
{
    const auto opcode = uint8_t(take(1)[0]);
    switch (opcode) {
    case 0x80: // PROTO
        if (const uint64_t version = unsignedNumber(1); version > 5)
            fail("protocol " + std::to_string(version) + " is not known");
        break;
    case 0x95: // FRAME
        unsignedNumber(8);
        break;
    case '.': // STOP
        m_is_done = true;
        break;
    case 'N': // NONE
        push(Kind::none);
        break;
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
        push(Kind::boolean, opcode == 0x88);
        break;
    case 'K': // BININT1
        push(Kind::integer, int64_t(unsignedNumber(1)));
        break;
    case 'M': // BININT2
        push(Kind::integer, int64_t(unsignedNumber(2)));
        break;
    case 'J': // BININT
        push(Kind::integer, int32_t(uint32_t(unsignedNumber(4))));
        break;
    case 0x8A: // LONG1
        push(Kind::integer, longNumber(unsignedNumber(1)));
        break;
    case 0x8B: // LONG4
        push(Kind::integer, longNumber(unsignedNumber(4)));
        break;
    case 'I': // INT, and booleans of protocol 0
    case 'L': // LONG
        push(Kind::integer, decimalLine());
        break;
    case 'G': // BINFLOAT
        take(8);
        push(Kind::real);
        break;
    case 'X': // BINUNICODE
    case 'T': // BINSTRING
        pushText(take(unsignedNumber(4)));
        break;
    case 0x8C: // SHORT_BINUNICODE
    case 'U': // SHORT_BINSTRING
        pushText(take(unsignedNumber(1)));
        break;
    case 0x8D: // BINUNICODE8
        pushText(take(unsignedNumber(8)));
        break;
    case 'c': // GLOBAL
        pushGlobal();
        break;
    case 'q': // BINPUT
        remember(unsignedNumber(1));
        break;
    case 'r': // LONG_BINPUT
        remember(unsignedNumber(4));
        break;
    case 0x94: // MEMOIZE
        remember(m_memo.size());
        break;
    case 'h': // BINGET
        recall(unsignedNumber(1));
        break;
    case 'j': // LONG_BINGET
        recall(unsignedNumber(4));
        break;
    case 'Q': // BINPERSID
        loadStorage();
        break;
    case 'R': // REDUCE
        reduce();
        break;
    case 'b': // BUILD
        build();
        break;
    case '0': // POP
        popId();
        break;
    default:
        stepContainers(opcode);
    }
}

void PickleReader::stepContainers(uint8_t opcode)
{
    switch (opcode) {
    case '(': // MARK
        m_marks.push_back(m_stack.size());
        push(Kind::mark);
        break;
    case ')': // EMPTY_TUPLE
        pushTuple({});
        break;
    case 't': // TUPLE
        pushTuple(popToMark());
        break;
    case 0x85: // TUPLE1
    case 0x86: // TUPLE2
    case 0x87: // TUPLE3
        pushShortTuple(opcode - 0x84);
        break;
    case ']': // EMPTY_LIST
        push(Kind::list);
        break;
    case 'l': // LIST
        popToMark();
        push(Kind::list);
        break;
    case 'a': // APPEND
        popId();
        appendTo(top());
        break;
    case 'e': // APPENDS
        popToMark();
        appendTo(top());
        break;
    case '}': // EMPTY_DICT
        pushDict(Kind::dict);
        break;
    case 's': { // SETITEM
        const uint32_t value = popId();
        const uint32_t key = popId();
        setItems({key, value});
        break;
    }
    case 'u': // SETITEMS
        setItems(popToMark());
        break;
    default: {
        const char digits[] = "0123456789abcdef";
        const std::string code = {digits[opcode >> 4], digits[opcode & 15]};
        fail("the instruction 0x" + code + " is not one that weights need; do not trust this file");
    }
    }
}

} // namespace

std::vector<PickledTensor> readPickle(std::string_view bytes, const std::filesystem::path& file)
{
    return PickleReader(bytes, file).read();
}

} // namespace gorgon
