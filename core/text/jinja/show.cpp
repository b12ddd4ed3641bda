// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/show.h"

#include <charconv>
#include <cmath>

#include "core/text/jinja/characters.h"

namespace gorgon::jinja {

namespace {

// A walk over a value goes as deep as values are nested, at most kMaxValueDepth; an object in it
// ends the walk.
class Quoter
{
public:
    explicit Quoter(Context& context)
        : m_context(context)
    {
    }

    void write(const Value& value);
    Text& text() { return m_text; }

private:
    void writeText(const Text& text);
    void writeList(const List& list);
    void writeDict(const Dict& dict);
    void grew();

    Context& m_context;
    Text m_text;
    std::size_t m_counted = 0;
};

// Made piece by piece, so that what would be endless ends.
void Quoter::grew()
{
    if (m_text.size() < m_counted + 4096)
        return;
    m_context.meter.step((m_text.size() - m_counted) / 32);
    m_counted = m_text.size();
    if (m_counted > m_context.meter.limits().live_bytes)
        throw Failure("expected a text of bounded length, found a longer one");
}

void Quoter::writeText(const Text& text)
{
    const bool apostrophe = text.bytes().find('\'') != std::string::npos;
    const char quote = apostrophe && text.bytes().find('"') == std::string::npos ? '"' : '\'';
    const auto escape = [quote](std::string_view character) -> std::string {
        if (character.size() > 1)
            return std::string(character);
        const char c = character[0];
        if (c == quote || c == '\\')
            return {'\\', c};
        if (c == '\n')
            return "\\n";
        if (c == '\r')
            return "\\r";
        if (c == '\t')
            return "\\t";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F)
            return {c};
        constexpr char kHex[] = "0123456789abcdef";
        return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    };
    m_text.append({&quote, 1}, text.source());
    m_text.append(mapCharacters(text, escape));
    m_text.append({&quote, 1}, text.source());
}

void Quoter::writeList(const List& list)
{
    m_text.append(list.is_tuple ? "(" : "[", kFromTemplate);
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        if (i > 0)
            m_text.append(", ", kFromTemplate);
        write(list.items[i]);
    }
    if (list.is_tuple && list.items.size() == 1)
        m_text.append(",", kFromTemplate);
    m_text.append(list.is_tuple ? ")" : "]", kFromTemplate);
}

void Quoter::writeDict(const Dict& dict)
{
    m_text.append("{", kFromTemplate);
    bool first = true;
    for (const auto& [key, value] : dict.entries) {
        if (!first)
            m_text.append(", ", kFromTemplate);
        first = false;
        write(key);
        m_text.append(": ", kFromTemplate);
        write(value);
    }
    m_text.append("}", kFromTemplate);
}

void Quoter::write(const Value& value)
{
    m_context.meter.step();
    if (const Text* text = value.asText())
        writeText(*text);
    else if (const List* list = value.asList())
        writeList(*list);
    else if (const Dict* dict = value.asDict())
        writeDict(*dict);
    else if (value.isUndefined())
        m_text.append("Undefined", kFromTemplate);
    else
        m_text.append(show(m_context, value));
    grew();
}

std::string shortest(double value)
{
    char buffer[32];
    const auto [end, error] = std::to_chars(
        buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific);
    return error == std::errc() ? std::string(buffer, end) : std::string("0e+00");
}

} // namespace

std::string showFloat(double value)
{
    if (std::isnan(value))
        return "nan";
    const std::string sign = std::signbit(value) ? "-" : "";
    if (std::isinf(value))
        return sign + "inf";
    const std::string scientific = shortest(value);
    const std::size_t e = scientific.find('e');
    std::string digits = scientific.substr(0, e);
    const int exponent = std::atoi(scientific.c_str() + e + 1);
    if (exponent < -4 || exponent >= 16)
        return sign + scientific;
    if (digits.size() > 1)
        digits.erase(1, 1); // the point
    if (exponent < 0)
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole)
        return sign + digits + std::string(whole - digits.size(), '0') + ".0";
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

Text show(Context& context, const Value& value)
{
    if (const Text* text = value.asText())
        return *text;
    if (value.isUndefined())
        return {};
    if (value.isNone())
        return Text("None");
    if (value.isBool())
        return Text(value.truth() ? "True" : "False");
    if (value.isInt())
        return Text(std::to_string(*value.asInt()), value.source());
    if (value.isFloat())
        return Text(showFloat(*value.asDouble()), value.source());
    if (const Object* object = value.asObject())
        return Text(object->show());
    return showQuoted(context, value);
}

Text showQuoted(Context& context, const Value& value)
{
    Quoter quoter(context);
    quoter.write(value);
    return std::move(quoter.text());
}

} // namespace gorgon::jinja
