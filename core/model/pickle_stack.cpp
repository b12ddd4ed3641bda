// SPDX-License-Identifier: Apache-2.0
#include "core/model/pickle_stack.h"

#include <charconv>

#include "core/model/file_error.h"

namespace gorgon::pickle {

namespace {

constexpr size_t kMaxValues = 2'000'000;

} // namespace

const char* kindName(Kind kind)
{
    constexpr const char* kNames[]
        = {"a mark", "None", "a boolean", "an integer", "a real number", "text", "a tuple",
            "a list", "a dictionary", "a dictionary", "a name", "a storage", "a tensor"};
    return kNames[size_t(kind)];
}

void Stack::fail(const std::string& sentence) const
{
    failFile(m_file, "the pickle of the torch archive is not acceptable: " + sentence);
}

std::string_view Stack::take(uint64_t n)
{
    if (n > m_bytes.size() - m_at)
        fail("it is cut off");
    const std::string_view result = m_bytes.substr(m_at, n);
    m_at += n;
    return result;
}

uint64_t Stack::unsignedNumber(int n)
{
    const std::string_view bytes = take(uint64_t(n));
    uint64_t value = 0;
    for (int i = n - 1; i >= 0; --i)
        value = value << 8 | uint8_t(bytes[size_t(i)]);
    return value;
}

int64_t Stack::longNumber(uint64_t n)
{
    if (n > 8)
        fail("an integer of " + std::to_string(n) + " bytes is too long");
    const std::string_view bytes = take(n);
    uint64_t value = n > 0 && uint8_t(bytes[n - 1]) >= 0x80 ? ~uint64_t(0) : 0;
    for (size_t i = n; i-- > 0;)
        value = value << 8 | uint8_t(bytes[i]);
    return int64_t(value);
}

std::string_view Stack::line()
{
    const size_t end = m_bytes.find('\n', m_at);
    if (end == std::string_view::npos || end - m_at > 1000)
        fail("a line in it does not end");
    const std::string_view result = m_bytes.substr(m_at, end - m_at);
    m_at = end + 1;
    return result;
}

int64_t Stack::decimalLine()
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

void Stack::push(const Value& value)
{
    if (m_values.size() >= kMaxValues)
        fail("it has more than " + std::to_string(kMaxValues) + " values");
    pushId(uint32_t(m_values.size()));
    m_values.push_back(value);
}

void Stack::pushId(uint32_t id)
{
    if (m_stack.size() >= kMaxValues)
        fail("its stack has more than " + std::to_string(kMaxValues) + " values");
    m_stack.push_back(id);
}

void Stack::push(Kind kind, int64_t number)
{
    Value value;
    value.kind = kind;
    value.number = number;
    push(value);
}

void Stack::pushText(std::string_view text)
{
    if (!isValidUtf8(text))
        fail("text in it is no UTF-8");
    Value value;
    value.kind = Kind::text;
    value.first = uint32_t(text.data() - m_bytes.data());
    value.count = uint32_t(text.size());
    push(value);
}

void Stack::pushDict(Kind kind)
{
    Value value;
    value.kind = kind;
    value.first = m_n_dicts++;
    push(value);
}

uint32_t Stack::popId()
{
    if (m_stack.empty() || m_values[m_stack.back()].kind == Kind::mark)
        fail("it takes a value from an empty stack");
    const uint32_t id = m_stack.back();
    m_stack.pop_back();
    return id;
}

Value& Stack::top()
{
    if (m_stack.empty() || m_values[m_stack.back()].kind == Kind::mark)
        fail("it uses a value of an empty stack");
    return m_values[m_stack.back()];
}

std::string_view Stack::text(const Value& value) const
{
    return m_bytes.substr(value.first, value.count);
}

std::vector<uint32_t> Stack::popToMark()
{
    if (m_marks.empty())
        fail("a mark is missing");
    const size_t mark = m_marks.back();
    m_marks.pop_back();
    std::vector<uint32_t> result(m_stack.begin() + std::ptrdiff_t(mark) + 1, m_stack.end());
    m_stack.resize(mark);
    return result;
}

void Stack::pushTuple(const std::vector<uint32_t>& items)
{
    Value value;
    value.kind = Kind::tuple;
    value.first = uint32_t(m_items.size());
    value.count = uint32_t(items.size());
    m_items.insert(m_items.end(), items.begin(), items.end());
    push(value);
}

void Stack::pushShortTuple(int n)
{
    std::vector<uint32_t> items(size_t(n), 0);
    for (size_t i = items.size(); i-- > 0;)
        items[i] = popId();
    pushTuple(items);
}

const Value& Stack::item(const Value& tuple, uint32_t i) const
{
    return m_values[m_items[tuple.first + i]];
}

void Stack::remember(uint64_t key)
{
    top();
    if (key > kMaxValues)
        fail("a memo key is too large");
    m_memo[key] = m_stack.back();
}

void Stack::recall(uint64_t key)
{
    const auto place = m_memo.find(key);
    if (place == m_memo.end())
        fail("it refers to a value that was never remembered");
    pushId(place->second);
}

bool Stack::isDict(const Value& value)
{
    return value.kind == Kind::dict || value.kind == Kind::ordered_dict;
}

void Stack::setItems(const std::vector<uint32_t>& items)
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

void Stack::appendTo(const Value& list)
{
    // What a list holds is never a weight that we read.
    if (list.kind != Kind::list)
        fail(std::string("it appends to ") + kindName(list.kind));
}

} // namespace gorgon::pickle
