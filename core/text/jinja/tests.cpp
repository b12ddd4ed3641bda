// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

template <bool (*is)(const Value&)> bool plain(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    return is(value);
}

bool isIterable(const Value& value)
{
    return value.isText() || value.asList() || value.asDict() || value.isUndefined();
}

bool isTrue(const Value& value)
{
    return value.isBool() && value.truth();
}

bool isFalse(const Value& value)
{
    return value.isBool() && !value.truth();
}

bool isCallable(const Value& value)
{
    return value.isUndefined() || (value.asObject() && value.asObject()->isCallable());
}

bool neverEscaped(const Value&)
{
    return false;
}

bool isDefined(const Value& value)
{
    return !value.isUndefined();
}

bool isMapping(const Value& value)
{
    return value.asDict() != nullptr;
}

bool isUndefinedValue(const Value& value)
{
    return value.isUndefined();
}

bool isNoneValue(const Value& value)
{
    return value.isNone();
}

bool isBoolean(const Value& value)
{
    return value.isBool();
}

bool isInteger(const Value& value)
{
    return value.isInt();
}

bool isFloat(const Value& value)
{
    return value.isFloat();
}

bool isNumber(const Value& value)
{
    return value.isNumber();
}

bool isString(const Value& value)
{
    return value.isText();
}

template <char operation> bool compared(Context& context, const Value& value, Arguments& args)
{
    const auto [other] = bind(args, {"other"});
    const Value& right = required(other, "other");
    switch (operation) {
    case '=':
        return compare(context.meter, "==", value, right);
    case '!':
        return compare(context.meter, "!=", value, right);
    case '<':
        return compare(context.meter, "<", value, right);
    case 'l':
        return compare(context.meter, "<=", value, right);
    case '>':
        return compare(context.meter, ">", value, right);
    case 'g':
        return compare(context.meter, ">=", value, right);
    default:
        return compare(context.meter, "in", value, right);
    }
}

bool sameAs(Context& context, const Value& value, Arguments& args)
{
    const auto [argument] = bind(args, {"other"});
    const Value& other = required(argument, "other");
    if (value.asList() || value.asDict())
        return value.asList() == other.asList() && value.asDict() == other.asDict();
    return value.typeName() == other.typeName() && equal(context.meter, value, other);
}

Value remainder(Context& context, const Value& value, const Value& by)
{
    if (!value.isNumber() || !by.isNumber())
        throw Failure("expected numbers to divide, found a " + value.typeName());
    return calculate(context, "%", value, by);
}

template <int wanted> bool parity(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return *remainder(context, value, std::int64_t(2)).asDouble() == wanted;
}

bool divisibleBy(Context& context, const Value& value, Arguments& args)
{
    const auto [by] = bind(args, {"num"});
    return *remainder(context, value, required(by, "num")).asDouble() == 0;
}

template <bool (*is)(std::string_view), bool (*is_not)(std::string_view)>
bool cased(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    bool any = false, none = true;
    mapCharacters(show(context, value), [&](std::string_view c) {
        any = any || is(c);
        none = none && !is_not(c);
        return std::string();
    });
    return any && none;
}

bool isFilter(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    return findFilter(textOf(value).bytes()) != nullptr;
}

bool isTest(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    return findTest(textOf(value).bytes()) != nullptr;
}

} // namespace

Test findTest(std::string_view name)
{
    static const std::map<std::string_view, Test> tests{
        {"defined", plain<isDefined>},
        {"undefined", plain<isUndefinedValue>},
        {"none", plain<isNoneValue>},
        {"boolean", plain<isBoolean>},
        {"true", plain<isTrue>},
        {"false", plain<isFalse>},
        {"integer", plain<isInteger>},
        {"float", plain<isFloat>},
        {"number", plain<isNumber>},
        {"string", plain<isString>},
        {"mapping", plain<isMapping>},
        {"iterable", plain<isIterable>},
        {"sequence", plain<isIterable>},
        {"callable", plain<isCallable>},
        {"escaped", plain<neverEscaped>},
        {"filter", isFilter},
        {"test", isTest},
        {"lower", cased<isLower, isUpper>},
        {"upper", cased<isUpper, isLower>},
        {"odd", parity<1>},
        {"even", parity<0>},
        {"divisibleby", divisibleBy},
        {"sameas", sameAs},
        {"eq", compared<'='>},
        {"equalto", compared<'='>},
        {"==", compared<'='>},
        {"ne", compared<'!'>},
        {"!=", compared<'!'>},
        {"lt", compared<'<'>},
        {"lessthan", compared<'<'>},
        {"<", compared<'<'>},
        {"le", compared<'l'>},
        {"<=", compared<'l'>},
        {"gt", compared<'>'>},
        {"greaterthan", compared<'>'>},
        {">", compared<'>'>},
        {"ge", compared<'g'>},
        {">=", compared<'g'>},
        {"in", compared<'i'>},
    };
    const auto at = tests.find(name);
    return at == tests.end() ? nullptr : at->second;
}

} // namespace gorgon::jinja
