// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

constexpr std::int64_t kMaxWidth = 4096;

struct Place
{
    bool left = false, zeros = false, plus = false, blank = false, other_form = false;
    std::int64_t width = 0;
    std::int64_t precision = -1; // not given
    char kind = 0;
};

std::string floatDigits(double value, char kind, int precision)
{
    const auto style = kind == 'e' ? std::chars_format::scientific
        : kind == 'g'              ? std::chars_format::general
                                   : std::chars_format::fixed;
    char buffer[512 + kMaxWidth];
    const auto [end, error]
        = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), style, precision);
    return error == std::errc() ? std::string(buffer, end) : std::string();
}

class PercentFormat
{
public:
    PercentFormat(Context& context, const Text& format, const Value& arguments)
        : m_context(context)
        , m_format(format)
        , m_arguments(arguments)
    {
    }

    Text run()
    {
        const std::string& bytes = m_format.bytes();
        while (m_at < bytes.size()) {
            const std::size_t percent = std::min(bytes.find('%', m_at), bytes.size());
            m_result.append(m_format, m_at, percent);
            m_at = percent + 1;
            if (percent < bytes.size())
                writePlace();
        }
        // What has items of its own may leave some out: Python takes it for a dictionary.
        const List* tuple = m_arguments.asList();
        const bool may_be_spare = m_arguments.asDict() || m_arguments.isUndefined() || m_named
            || (tuple && !tuple->is_tuple);
        const bool spare = tuple && tuple->is_tuple ? m_next < tuple->items.size()
                                                    : m_next == 0 && !may_be_spare;
        if (spare)
            throw Failure("expected a place in the text for each argument of '%', found fewer");
        return std::move(m_result);
    }

private:
    char peek() const { return m_at < m_format.size() ? m_format.bytes()[m_at] : '\0'; }

    Value next()
    {
        const List* tuple = m_arguments.asList();
        const std::size_t n = tuple && tuple->is_tuple ? tuple->items.size() : 1;
        if (m_next >= n)
            throw Failure("expected an argument for each place in the text, found fewer");
        const std::size_t at = m_next++;
        return tuple && tuple->is_tuple ? tuple->items[at] : m_arguments;
    }

    std::int64_t number()
    {
        std::int64_t value = 0;
        if (peek() == '*') {
            ++m_at;
            m_star = next();
            value = intOr(&m_star, 0);
        } else
            for (; peek() >= '0' && peek() <= '9' && value <= kMaxWidth; ++m_at)
                value = value * 10 + (peek() - '0');
        if (value < 0 || value > kMaxWidth)
            throw Failure(
                "expected a width up to " + std::to_string(kMaxWidth) + ", found another");
        return value;
    }

    void writePlace();
    Text written(const Place& place, const Value& value);
    Text writtenNumber(const Place& place, const Value& value);

    Context& m_context;
    const Text& m_format;
    const Value& m_arguments;
    Text m_result;
    Value m_star;
    std::size_t m_at = 0;
    std::size_t m_next = 0;
    bool m_named = false;
};

void PercentFormat::writePlace()
{
    if (peek() == '%') {
        m_result.append(m_format, m_at, m_at + 1);
        ++m_at;
        return;
    }
    std::optional<Value> named;
    if (peek() == '(') {
        const std::size_t end = m_format.bytes().find(')', m_at);
        if (end == std::string::npos || !m_arguments.asDict())
            throw Failure("expected a dictionary for the named place in the text, found none");
        const Value* value
            = m_arguments.asDict()->find(m_format.bytes().substr(m_at + 1, end - m_at - 1));
        if (!value)
            throw Failure("expected the named argument of '%' in the dictionary, found none");
        named = *value;
        m_named = true;
        m_at = end + 1;
    }
    Place place;
    for (bool flag = true; flag;) {
        switch (peek()) {
        case '-':
            place.left = true;
            break;
        case '0':
            place.zeros = true;
            break;
        case '+':
            place.plus = true;
            break;
        case ' ':
            place.blank = true;
            break;
        case '#':
            place.other_form = true;
            break;
        default:
            flag = false;
        }
        m_at += flag ? 1 : 0;
    }
    place.width = number();
    if (peek() == '.') {
        ++m_at;
        place.precision = number();
    }
    place.kind = peek();
    ++m_at;
    const Text text = written(place, named ? *named : next());
    const auto length = static_cast<std::int64_t>(countCharacters(text.bytes()));
    const std::string fill(
        static_cast<std::size_t>(std::max<std::int64_t>(place.width - length, 0)), ' ');
    if (!place.left)
        m_result.append(fill, kFromTemplate);
    m_result.append(text);
    if (place.left)
        m_result.append(fill, kFromTemplate);
    m_context.meter.step(1 + m_result.size() / 256);
    if (m_result.size() > m_context.meter.limits().live_bytes / 2)
        throw Failure("expected a text of bounded length, found a longer one");
}

Text PercentFormat::writtenNumber(const Place& place, const Value& value)
{
    const bool is_float
        = place.kind != 'd' && place.kind != 'x' && place.kind != 'X' && place.kind != 'o';
    std::string digits;
    bool below = false;
    if (is_float) {
        const double number = *value.asDouble();
        below = std::signbit(number) && !std::isnan(number);
        const int precision = place.precision < 0 ? 6 : static_cast<int>(place.precision);
        digits = std::isnan(number) ? "nan"
            : std::isinf(number)    ? "inf"
                                    : floatDigits(number, place.kind, precision);
    } else {
        std::int64_t number = 0;
        if (value.isFloat()) {
            if (place.kind != 'd' || !(std::fabs(*value.asDouble()) < 9e18))
                throw Failure("expected an int for a place in the text, found a float");
            number = static_cast<std::int64_t>(*value.asDouble());
        } else
            number = *value.asInt();
        below = number < 0;
        const auto magnitude
            = below ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
        char buffer[32];
        const int base = place.kind == 'd' ? 10 : place.kind == 'o' ? 8 : 16;
        const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, magnitude, base);
        digits.assign(buffer, error == std::errc() ? end : buffer);
        if (place.precision > static_cast<std::int64_t>(digits.size()))
            digits.insert(0, static_cast<std::size_t>(place.precision) - digits.size(), '0');
        if (place.other_form && base != 10)
            digits.insert(0, base == 8 ? "0o" : "0x");
        if (place.kind == 'X')
            for (char& c : digits)
                c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    const std::string sign = below ? "-" : place.plus ? "+" : place.blank ? " " : "";
    if (place.zeros && !place.left
        && place.width > static_cast<std::int64_t>(sign.size() + digits.size()))
        digits.insert(0, static_cast<std::size_t>(place.width) - sign.size() - digits.size(), '0');
    return Text(sign + digits, value.source());
}

Text PercentFormat::written(const Place& place, const Value& value)
{
    Place same = place;
    switch (place.kind) {
    case 's':
    case 'r': {
        Text text = place.kind == 's' ? show(m_context, value) : showQuoted(m_context, value);
        if (place.precision >= 0)
            text = text.slice(
                0, byteOfCharacter(text.bytes(), static_cast<std::size_t>(place.precision)));
        return text;
    }
    case 'i':
    case 'u':
        same.kind = 'd';
        [[fallthrough]];
    case 'd':
    case 'x':
    case 'X':
    case 'o':
    case 'f':
    case 'e':
    case 'g':
        if (!value.isNumber())
            throw Failure("expected a number for a place in the text, found a " + value.typeName());
        return writtenNumber(same, value);
    case 'c':
        if (const Text* text = value.asText(); text && countCharacters(text->bytes()) == 1)
            return *text;
        if (const auto code = value.asInt(); code && *code >= 0 && *code < 0x110000)
            return Text(fromCodePoint(static_cast<char32_t>(*code)), value.source());
        throw Failure("expected one character for a place in the text, found something else");
    default:
        throw Failure("expected a known kind behind '%' in the text, found another");
    }
}

// The value that "0.name[key]" names.
Value fieldOf(
    Context& context, const std::string& field, const Arguments& arguments, std::size_t& next)
{
    const std::size_t end = std::min(field.find_first_of(".["), field.size());
    const std::string head = field.substr(0, end);
    Value value;
    if (head.empty() || head.find_first_not_of("0123456789") == std::string::npos) {
        const std::size_t at = head.empty() ? next++
            : head.size() > 9               ? SIZE_MAX
                                            : std::stoul(head);
        if (at >= arguments.positional.size())
            throw Failure("expected an argument for each place in the text, found fewer");
        value = arguments.positional[at];
    } else {
        const auto named = std::ranges::find_if(
            arguments.named, [&](const auto& each) { return each.first == head; });
        if (named == arguments.named.end())
            throw Failure("expected an argument for each named place in the text, found fewer");
        value = named->second;
    }
    for (std::size_t at = end; at < field.size();) {
        const bool item = field[at] == '[';
        const std::size_t stop = std::min(
            item ? field.find(']', at) : field.find_first_of(".[", at + 1), field.size());
        const std::string name = field.substr(at + 1, stop - at - 1);
        const bool number = !name.empty() && name.size() < 10
            && name.find_first_not_of("0123456789") == std::string::npos;
        if (!item)
            value = attributeOf(context, value, name);
        else
            value = itemOf(context, value,
                number ? Value(static_cast<std::int64_t>(std::stol(name))) : context.text(name));
        at = item ? stop + 1 : stop;
    }
    return value;
}

} // namespace

Value formatPercent(Context& context, const Text& format, const Value& arguments)
{
    return context.text(PercentFormat(context, format, arguments).run());
}

Value formatBraces(Context& context, const Text& format, const Arguments& arguments)
{
    const std::string& bytes = format.bytes();
    Text result;
    std::size_t next = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t brace = std::min(bytes.find_first_of("{}", at), bytes.size());
        result.append(format, at, brace);
        at = brace;
        if (brace == bytes.size())
            break;
        if (brace + 1 < bytes.size() && bytes[brace + 1] == bytes[brace]) {
            result.append(format, brace, brace + 1);
            at = brace + 2;
            continue;
        }
        const std::size_t end = bytes.find('}', brace);
        if (bytes[brace] == '}' || end == std::string::npos)
            throw Failure("expected braces in pairs in the text to format, found one alone");
        std::string field = bytes.substr(brace + 1, end - brace - 1);
        if (field.find_first_of(":!{") != std::string::npos)
            throw Failure("expected places without a format in the text, found '{"
                + field.substr(0, 40) + "}'");
        result.append(show(context, fieldOf(context, field, arguments, next)));
        context.meter.step(1 + result.size() / 256);
        if (result.size() > context.meter.limits().live_bytes / 2)
            throw Failure("expected a text of bounded length, found a longer one");
        at = end + 1;
    }
    return context.text(std::move(result));
}

} // namespace gorgon::jinja
