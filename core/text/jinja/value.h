// SPDX-License-Identifier: Apache-2.0
// Values as Python has them. Lists and dictionaries never change once made, as in the sandbox that
// the reference renders in; only namespaces do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/text/jinja/meter.h"
#include "core/text/jinja/text.h"

namespace gorgon::jinja {

class Value;
class Object;
struct Context;
struct Arguments;
struct List;
struct Dict;

struct HeldText
{
    Text text;
    Held held;
};

struct Undefined
{
    std::shared_ptr<const std::string> what; // "'x'"; may be nullptr
};

struct None
{
};

class Value
{
public:
    using Data
        = std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const HeldText>,
            std::shared_ptr<const List>, std::shared_ptr<const Dict>, std::shared_ptr<Object>>;

    Value() = default; // undefined
    Value(None)
        : m_data(None{})
    {
    }
    Value(bool value)
        : m_data(value)
    {
    }
    /// source: of the text that a number was read from.
    Value(std::int64_t value, int source = kFromTemplate)
        : m_data(value)
        , m_source(source)
    {
    }
    Value(double value, int source = kFromTemplate)
        : m_data(value)
        , m_source(source)
    {
    }
    Value(std::shared_ptr<Object> object)
        : m_data(std::move(object))
    {
    }
    Value(std::shared_ptr<const List> list)
        : m_data(std::move(list))
    {
    }
    Value(std::shared_ptr<const Dict> dict)
        : m_data(std::move(dict))
    {
    }
    Value(const void*) = delete;
    static Value undefined(std::string what);
    static Value text(Meter& meter, Text text);
    /// Of the template itself, made once.
    static Value literal(std::string text);

    bool isUndefined() const { return std::holds_alternative<Undefined>(m_data); }
    bool isNone() const { return std::holds_alternative<None>(m_data); }
    bool isBool() const { return std::holds_alternative<bool>(m_data); }
    bool isInt() const { return std::holds_alternative<std::int64_t>(m_data); }
    bool isFloat() const { return std::holds_alternative<double>(m_data); }
    bool isNumber() const { return isBool() || isInt() || isFloat(); }
    bool isText() const { return asText() != nullptr; }

    const Text* asText() const;
    const List* asList() const; // tuples too
    const Dict* asDict() const;
    Object* asObject() const;
    std::shared_ptr<Object> object() const;
    /// Of a bool or an int.
    std::optional<std::int64_t> asInt() const;
    /// Of any number.
    std::optional<double> asDouble() const;
    int source() const { return m_source; } // of a number
    const std::string& what() const; // of an undefined one

    bool truth() const;
    /// How deep lists are nested in it; 0: not at all.
    int depth() const;
    /// As Python names it: "str".
    std::string typeName() const;

private:
    Data m_data;
    int m_source = kFromTemplate;
};

using Values = std::vector<Value>;
using Entries = std::vector<std::pair<Value, Value>>;

struct List
{
    Values items;
    bool is_tuple = false;
    int depth = 1;
    Held held;
};

/// In the order of insertion; keys differ.
struct Dict
{
    Entries entries;
    int depth = 1;
    Held held;

    const Value* find(Meter& meter, const Value& key) const;
    const Value* find(std::string_view key) const;
};

/// Throw Failure where the limits are reached.
Value makeList(Meter& meter, Values items, bool is_tuple = false);
inline Value makeTuple(Meter& meter, Values items)
{
    return makeList(meter, std::move(items), true);
}
Value makeDict(Meter& meter, Entries entries);
/// Adds or replaces. Throws where the key cannot be one.
void setEntry(Meter& meter, Entries& entries, const Value& key, Value value);

/// What is neither data nor text: functions, macros, namespaces, the loop.
class Object
{
public:
    virtual ~Object() = default;
    virtual std::string typeName() const = 0;
    virtual std::string show() const { return "<" + typeName() + ">"; }
    virtual int depth() const { return 0; }
    virtual bool isCallable() const { return false; }
    /// Undefined where there is none of that name.
    virtual Value attribute(Context& context, const std::string& name) const;
    virtual Value call(Context& context, Arguments& arguments);
    /// False where nothing may be assigned.
    virtual bool assign(const std::string& name, const Value& value);
    /// Drops what it holds, so that nothing keeps itself alive.
    virtual void forget() { }
};

} // namespace gorgon::jinja
