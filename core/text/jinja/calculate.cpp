// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "core/text/jinja/format.h"
#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

namespace {

[[noreturn]] void refuse(std::string_view operation, const Value& a, const Value& b)
{
    for (const Value* value : {&a, &b})
        if (value->isUndefined())
            throw Failure("expected values on both sides of '" + std::string(operation)
                + "', found that " + value->what() + " is undefined");
    throw Failure("expected values that '" + std::string(operation) + "' takes, found a "
        + a.typeName() + " and a " + b.typeName());
}

[[noreturn]] void refuseSize()
{
    throw Failure("expected numbers of 64 bits, found a larger one");
}

Value dividedDown(std::int64_t a, std::int64_t b, bool remainder, int source)
{
    if (b == 0)
        throw Failure("expected a divisor that is not 0, found 0");
    if (b == -1) {
        if (remainder)
            return {std::int64_t(0), source};
        if (a == std::numeric_limits<std::int64_t>::min())
            refuseSize();
        return {-a, source};
    }
    std::int64_t quotient = a / b, rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
        --quotient;
        rest += b;
    }
    return {remainder ? rest : quotient, source};
}

Value power(std::int64_t base, std::int64_t exponent, int source)
{
    if (exponent < 0) {
        if (base == 0)
            throw Failure("expected a base that is not 0 for a negative power, found 0");
        return {std::pow(static_cast<double>(base), static_cast<double>(exponent)), source};
    }
    std::int64_t result = 1;
    for (;; exponent >>= 1) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result))
            refuseSize();
        if (exponent <= 1)
            return {result, source};
        if (__builtin_mul_overflow(base, base, &base))
            refuseSize();
    }
}

Value calculateInts(std::string_view operation, std::int64_t a, std::int64_t b, int source)
{
    std::int64_t result = 0;
    bool overflow = false;
    if (operation == "+")
        overflow = __builtin_add_overflow(a, b, &result);
    else if (operation == "-")
        overflow = __builtin_sub_overflow(a, b, &result);
    else if (operation == "*")
        overflow = __builtin_mul_overflow(a, b, &result);
    else if (operation == "/") {
        if (b == 0)
            throw Failure("expected a divisor that is not 0, found 0");
        return {static_cast<double>(a) / static_cast<double>(b), source};
    } else if (operation == "**")
        return power(a, b, source);
    else
        return dividedDown(a, b, operation == "%", source);
    if (overflow)
        refuseSize();
    return {result, source};
}

Value calculateFloats(std::string_view operation, double a, double b, int source)
{
    if (operation == "+")
        return {a + b, source};
    if (operation == "-")
        return {a - b, source};
    if (operation == "*")
        return {a * b, source};
    if (operation == "**") {
        if (a < 0 && b != std::floor(b))
            throw Failure("expected a power that is a number, found a complex one");
        return {std::pow(a, b), source};
    }
    if (b == 0)
        throw Failure("expected a divisor that is not 0, found 0");
    if (operation == "/")
        return {a / b, source};
    double rest = std::fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0) {
        if ((b < 0) != (rest < 0)) {
            rest += b;
            quotient -= 1;
        }
    } else
        rest = std::copysign(0.0, b);
    if (operation == "%")
        return {rest, source};
    if (quotient == 0)
        return {std::copysign(0.0, a / b), source};
    const double floored = std::floor(quotient);
    return {quotient - floored > 0.5 ? floored + 1 : floored, source};
}

Value repeated(Context& context, const Value& value, std::int64_t times)
{
    const auto n = static_cast<std::uint64_t>(std::max<std::int64_t>(times, 0));
    const Text* text = value.asText();
    const std::uint64_t size = text ? text->size() : value.asList()->items.size() * sizeof(Value);
    if (size != 0 && n > context.meter.limits().live_bytes / size)
        throw Failure("expected a repetition of bounded length, found a longer one");
    const Held room(context.meter, n * size);
    if (text) {
        Text result;
        for (std::uint64_t i = 0; size > 0 && i < n; ++i)
            result.append(*text);
        return context.text(std::move(result));
    }
    Values items;
    for (std::uint64_t i = 0; size > 0 && i < n; ++i)
        items.insert(items.end(), value.asList()->items.begin(), value.asList()->items.end());
    return makeList(context.meter, std::move(items), value.asList()->is_tuple);
}

Value joined(Context& context, const Value& a, const Value& b)
{
    if (const Text* x = a.asText(), *y = b.asText(); x && y) {
        const Held room(context.meter, x->size() + y->size());
        Text result;
        result.reserve(x->size() + y->size());
        result.append(*x);
        result.append(*y);
        return context.text(std::move(result));
    }
    const List *x = a.asList(), *y = b.asList();
    if (!x || !y || x->is_tuple != y->is_tuple)
        refuse("+", a, b);
    Values items;
    items.reserve(x->items.size() + y->items.size());
    items.insert(items.end(), x->items.begin(), x->items.end());
    items.insert(items.end(), y->items.begin(), y->items.end());
    return makeList(context.meter, std::move(items), x->is_tuple);
}

} // namespace

Value calculate(Context& context, std::string_view operation, const Value& a, const Value& b)
{
    const int source = mixedSource(a.source(), b.source());
    if (const auto x = a.asInt(), y = b.asInt(); x && y)
        return calculateInts(operation, *x, *y, source);
    if (const auto x = a.asDouble(), y = b.asDouble(); x && y)
        return calculateFloats(operation, *x, *y, source);
    if (operation == "+")
        return joined(context, a, b);
    if (operation == "%" && a.isText())
        return formatPercent(context, *a.asText(), b);
    if (operation == "*") {
        if ((a.isText() || a.asList()) && b.asInt())
            return repeated(context, a, *b.asInt());
        if ((b.isText() || b.asList()) && a.asInt())
            return repeated(context, b, *a.asInt());
    }
    refuse(operation, a, b);
}

Value negative(const Value& value)
{
    if (const auto number = value.asInt()) {
        if (*number == std::numeric_limits<std::int64_t>::min())
            refuseSize();
        return {-*number, value.source()};
    }
    if (value.isFloat())
        return {-*value.asDouble(), value.source()};
    throw Failure("expected a number behind '-', found "
        + (value.isUndefined() ? "that " + value.what() + " is undefined"
                               : "a " + value.typeName()));
}

Value positive(const Value& value)
{
    if (const auto number = value.asInt())
        return {*number, value.source()};
    if (value.isFloat())
        return value;
    throw Failure("expected a number behind '+', found a " + value.typeName());
}

} // namespace gorgon::jinja
