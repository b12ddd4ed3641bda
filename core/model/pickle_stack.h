// SPDX-License-Identifier: Apache-2.0
// What the instructions of a pickle work on: its bytes, a stack of values, tuples, dictionaries and
// the memo. Ids index the values ever made; nothing refers to anything by address.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gorgon::pickle {

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

const char* kindName(Kind kind);

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

struct DictEntry
{
    uint32_t dict = 0;
    uint32_t key = 0;
    uint32_t value = 0;
};

class Stack
{
public:
    Stack(std::string_view bytes, const std::filesystem::path& file)
        : m_bytes(bytes)
        , m_file(file)
    {
    }

protected:
    [[noreturn]] void fail(const std::string& sentence) const;

    // Bytes of the pickle.
    std::string_view take(uint64_t n);
    uint64_t unsignedNumber(int n);
    int64_t longNumber(uint64_t n);
    std::string_view line();
    int64_t decimalLine();

    // The stack.
    void push(const Value& value);
    void pushId(uint32_t id);
    void push(Kind kind, int64_t number = 0);
    void pushText(std::string_view text);
    void pushDict(Kind kind);
    uint32_t popId();
    Value& top();
    std::string_view text(const Value& value) const;
    /// Pops what lies above the last mark, and the mark.
    std::vector<uint32_t> popToMark();
    void pushTuple(const std::vector<uint32_t>& items);
    void pushShortTuple(int n);
    const Value& item(const Value& tuple, uint32_t i) const;

    // The memo.
    void remember(uint64_t key);
    void recall(uint64_t key);

    // Dictionaries and lists.
    static bool isDict(const Value& value);
    void setItems(const std::vector<uint32_t>& items);
    void appendTo(const Value& list);

    std::string_view m_bytes;
    const std::filesystem::path& m_file;
    size_t m_at = 0;
    std::vector<Value> m_values; // every value ever made; ids index it
    std::vector<uint32_t> m_stack;
    std::vector<size_t> m_marks; // their places in m_stack
    std::vector<uint32_t> m_items; // of tuples
    std::vector<DictEntry> m_entries; // of all dictionaries, in order
    std::unordered_map<uint64_t, uint32_t> m_memo;
    uint32_t m_n_dicts = 0;
};

} // namespace gorgon::pickle
