// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

std::string unicodeEscape(unsigned unit)
{
    constexpr char kHex[] = "0123456789abcdef";
    return {'\\', 'u', kHex[unit >> 12 & 15], kHex[unit >> 8 & 15], kHex[unit >> 4 & 15],
        kHex[unit & 15]};
}

std::string escaped(std::string_view character, bool ascii)
{
    if (character.size() > 1) {
        if (!ascii)
            return std::string(character);
        const char32_t code = codePoint(character);
        if (code < 0x10000)
            return unicodeEscape(static_cast<unsigned>(code));
        const auto rest = static_cast<unsigned>(code - 0x10000);
        return unicodeEscape(0xD800U + (rest >> 10)) + unicodeEscape(0xDC00U + (rest & 0x3FFU));
    }
    switch (const char c = character[0]) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '\f':
        return "\\f";
    case '\b':
        return "\\b";
    default:
        if (static_cast<unsigned char>(c) < 0x20)
            return unicodeEscape(static_cast<unsigned char>(c));
        return {c};
    }
}

// As deep as values are nested, at most kMaxValueDepth.
class JsonWriter
{
public:
    JsonWriter(Context& context, const JsonStyle& style)
        : m_context(context)
        , m_style(style)
    {
    }

    void write(const Value& value);
    Text& text() { return m_text; }

private:
    void writeText(const Text& text)
    {
        m_text.append("\"", kFromTemplate);
        m_text.append(mapCharacters(
            text, [this](std::string_view c) { return escaped(c, m_style.ensure_ascii); }));
        m_text.append("\"", kFromTemplate);
    }
    void writeKey(const Value& key);
    void writeList(const List& list);
    void writeDict(const Dict& dict);
    void newLine()
    {
        if (!m_style.indent)
            return;
        m_text.append("\n", kFromTemplate);
        for (int i = 0; i < m_depth; ++i)
            m_text.append(*m_style.indent);
    }
    void grew()
    {
        if (m_text.size() < m_counted + 4096)
            return;
        m_context.meter.step((m_text.size() - m_counted) / 32);
        m_counted = m_text.size();
        if (m_counted > m_context.meter.limits().live_bytes)
            throw Failure("expected JSON of bounded length, found more");
    }

    Context& m_context;
    const JsonStyle& m_style;
    Text m_text;
    std::size_t m_counted = 0;
    int m_depth = 0;
};

void JsonWriter::writeKey(const Value& key)
{
    if (const Text* text = key.asText())
        return writeText(*text);
    if (!key.isNone() && !key.isNumber())
        throw Failure("expected keys that JSON has, found a " + key.typeName());
    m_text.append("\"", kFromTemplate);
    write(key);
    m_text.append("\"", kFromTemplate);
}

void JsonWriter::writeList(const List& list)
{
    m_text.append("[", kFromTemplate);
    ++m_depth;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        if (i > 0)
            m_text.append(m_style.item_separator);
        newLine();
        write(list.items[i]);
    }
    --m_depth;
    if (!list.items.empty())
        newLine();
    m_text.append("]", kFromTemplate);
}

void JsonWriter::writeDict(const Dict& dict)
{
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dict.entries)
        entries.push_back(&entry);
    if (m_style.sort_keys) {
        const auto keyOf = [](const auto* entry) {
            const Text* text = entry->first.asText();
            if (!text)
                throw Failure(
                    "expected keys that are str to sort, found a " + entry->first.typeName());
            return std::string_view(text->bytes());
        };
        std::stable_sort(entries.begin(), entries.end(),
            [&](const auto* a, const auto* b) { return keyOf(a) < keyOf(b); });
    }
    m_text.append("{", kFromTemplate);
    ++m_depth;
    bool first = true;
    for (const auto* entry : entries) {
        if (!first)
            m_text.append(m_style.item_separator);
        first = false;
        newLine();
        writeKey(entry->first);
        m_text.append(m_style.key_separator);
        write(entry->second);
    }
    --m_depth;
    if (!entries.empty())
        newLine();
    m_text.append("}", kFromTemplate);
}

void JsonWriter::write(const Value& value)
{
    m_context.meter.step();
    if (const Text* text = value.asText())
        writeText(*text);
    else if (const List* list = value.asList())
        writeList(*list);
    else if (const Dict* dict = value.asDict())
        writeDict(*dict);
    else if (value.isNone())
        m_text.append("null", kFromTemplate);
    else if (value.isBool())
        m_text.append(value.truth() ? "true" : "false", kFromTemplate);
    else if (value.isFloat() && !std::isfinite(*value.asDouble()))
        m_text.append(std::isnan(*value.asDouble()) ? "NaN"
                : *value.asDouble() > 0             ? "Infinity"
                                                    : "-Infinity",
            kFromTemplate);
    else if (value.isNumber())
        m_text.append(show(m_context, value));
    else if (value.isUndefined())
        throw Failure("expected a value for JSON, found that " + value.what() + " is undefined");
    else
        throw Failure("expected a value for JSON, found a " + value.typeName());
    grew();
}

} // namespace

Text showJson(Context& context, const Value& value, const JsonStyle& style)
{
    JsonWriter writer(context, style);
    writer.write(value);
    return std::move(writer.text());
}

} // namespace gorgon::jinja
