// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

namespace {

// Without white space around and with single underscores between digits left out, as Python reads
// numbers; nothing where an underscore stands elsewhere.
std::optional<std::string> plainNumber(std::string_view text)
{
    text.remove_prefix(leadingSpace(text));
    text.remove_suffix(trailingSpace(text));
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_') {
            plain += text[i];
            continue;
        }
        const auto digit
            = [&](std::size_t at) { return at < text.size() && isDigit(text.substr(at, 1)); };
        if (i == 0 || !digit(i - 1) || !digit(i + 1))
            return std::nullopt;
    }
    return plain;
}

std::optional<std::int64_t> readInt(std::string_view text, int base)
{
    auto plain = plainNumber(text);
    if (!plain)
        return std::nullopt;
    std::string_view digits = *plain;
    const bool below = digits.starts_with('-');
    if (below || digits.starts_with('+'))
        digits.remove_prefix(1);
    for (const auto& [name, of] : {std::pair{"xX", 16}, {"oO", 8}, {"bB", 2}})
        if (base == of && digits.size() > 2 && digits[0] == '0'
            && (digits[1] == name[0] || digits[1] == name[1]))
            digits.remove_prefix(2);
    std::int64_t value = 0;
    const std::string whole = (below ? "-" : "") + std::string(digits);
    const auto [end, error]
        = std::from_chars(whole.data(), whole.data() + whole.size(), value, base);
    if (error == std::errc::result_out_of_range)
        throw Failure("expected a number of 64 bits, found a larger one");
    if (error != std::errc() || end != whole.data() + whole.size() || digits.empty()
        || digits[0] == '-')
        return std::nullopt;
    return value;
}

std::optional<double> readFloat(std::string_view text)
{
    auto plain = plainNumber(text);
    if (!plain || plain->empty())
        return std::nullopt;
    std::string_view digits = *plain;
    const bool below = digits.starts_with('-');
    if (below || digits.starts_with('+'))
        digits.remove_prefix(1);
    if (digits.empty() || digits[0] == '-' || digits.find('(') != std::string_view::npos)
        return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size() || error == std::errc::invalid_argument)
        return std::nullopt;
    if (error == std::errc::result_out_of_range)
        value = digits.find("e-") != std::string_view::npos
                || digits.find("E-") != std::string_view::npos
            ? 0
            : std::numeric_limits<double>::infinity();
    return below ? -value : value;
}

std::optional<std::int64_t> towardsZero(double value)
{
    if (!(std::fabs(value) < 9.2e18))
        return std::nullopt;
    return static_cast<std::int64_t>(value);
}

Value toInt(Context& context, const Value& value, Arguments& args)
{
    const auto [instead, base] = bind(args, {"default", "base"});
    const std::int64_t radix = intOr(base, 10);
    if (radix < 2 || radix > 36)
        throw Failure("expected a base from 2 to 36, found " + std::to_string(radix));
    const Value missing = instead ? *instead : Value(std::int64_t(0));
    if (const auto number = value.asInt())
        return {*number, value.source()};
    std::optional<double> number = value.asDouble();
    int source = value.source();
    if (const Text* text = value.asText()) {
        context.meter.step(text->size() / 32);
        source = text->source();
        if (const auto whole = readInt(text->bytes(), static_cast<int>(radix)))
            return {*whole, source};
        number = readFloat(text->bytes());
    }
    if (value.isUndefined())
        throw Failure("expected a value, found that " + value.what() + " is undefined");
    const auto whole = number ? towardsZero(*number) : std::nullopt;
    return whole ? Value(*whole, source) : missing;
}

Value toFloat(Context& context, const Value& value, Arguments& args)
{
    const auto [instead] = bind(args, {"default"});
    const Value missing = instead ? *instead : Value(0.0);
    if (const auto number = value.asDouble())
        return {*number, value.source()};
    if (value.isUndefined())
        throw Failure("expected a value, found that " + value.what() + " is undefined");
    const Text* text = value.asText();
    if (!text)
        return missing;
    context.meter.step(text->size() / 32);
    const auto number = readFloat(text->bytes());
    return number ? Value(*number, text->source()) : missing;
}

Value absolute(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    if (const auto number = value.asInt())
        return *number < 0 ? negative(value) : Value(*number, value.source());
    if (const auto number = value.asDouble())
        return {std::fabs(*number), value.source()};
    throw Failure("expected a number for 'abs', found a " + value.typeName());
}

// To decimal places, ties to even, as the exact value has them.
double rounded(double value, int places)
{
    if (!std::isfinite(value) || places > 300)
        return value;
    if (places < -308)
        return std::copysign(0.0, value);
    if (places < 0) {
        const double unit = std::pow(10.0, -places);
        return std::nearbyint(value / unit) * unit;
    }
    char buffer[720];
    const auto [end, error]
        = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, places);
    double result = value;
    if (error == std::errc())
        std::from_chars(buffer, end, result);
    return result;
}

Value round(Context& context, const Value& value, Arguments& args)
{
    const auto [precision, method] = bind(args, {"precision", "method"});
    const std::string how = method ? textOf(*method).bytes() : "common";
    const std::int64_t places = intOr(precision, 0);
    if (places < -308 || places > 308)
        throw Failure("expected a precision from -308 to 308, found " + std::to_string(places));
    const auto number = value.asDouble();
    if (!number)
        throw Failure("expected a number for 'round', found a " + value.typeName());
    if (how == "common") {
        if (!value.isFloat() && places >= 0)
            return {*value.asInt(), value.source()};
        const double result = rounded(*number, static_cast<int>(places));
        if (value.isFloat())
            return {result, value.source()};
        return {static_cast<std::int64_t>(result), value.source()};
    }
    if (how != "ceil" && how != "floor")
        throw Failure("expected the method common, ceil or floor, found another");
    const Value unit = calculate(context, "**", std::int64_t(10), places);
    const double scaled = *calculate(context, "*", value, unit).asDouble();
    if (!std::isfinite(scaled))
        throw Failure("expected a finite number for 'round', found another");
    const double whole = how == "ceil" ? std::ceil(scaled) : std::floor(scaled);
    return calculate(context, "/", whole, unit);
}

} // namespace

const FilterTable& numberFilters()
{
    static const FilterTable filters{
        {"int", toInt}, {"float", toFloat}, {"abs", absolute}, {"round", round}};
    return filters;
}

} // namespace gorgon::jinja
