// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/functions.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

using Kind = Expression::Kind;

// The tree is at most kMaxExpressionDepth deep; macros add to that up to kMaxCallDepth.
Value Evaluator::evaluate(const Expression& expression, const ScopePtr& scope)
{
    m_context.meter.step();
    m_at = expression.at;
    if (expression.kind == Kind::Literal)
        return expression.literal;
    if (expression.kind == Kind::Name)
        return evaluateName(expression, scope);
    const Level level(m_context);
    return evaluateKind(expression, scope);
}

Value Evaluator::evaluateKind(const Expression& expression, const ScopePtr& scope)
{
    switch (expression.kind) {
    case Kind::List:
    case Kind::Tuple:
        return evaluateList(expression, scope);
    case Kind::Dict:
        return evaluateDict(expression, scope);
    case Kind::Attribute:
    case Kind::Item:
        return evaluateItem(expression, scope);
    case Kind::Slice:
        return evaluateSlice(expression, scope);
    case Kind::Call:
        return evaluateCall(expression, scope);
    case Kind::Filter:
        return evaluateFilter(expression, scope);
    case Kind::Test:
        return evaluateTest(expression, scope);
    case Kind::Binary:
        return evaluateBinary(expression, scope);
    case Kind::Compare:
        return evaluateCompare(expression, scope);
    case Kind::Concat:
        return evaluateConcat(expression, scope);
    case Kind::Conditional:
        return evaluateConditional(expression, scope);
    default:
        return evaluateLogic(expression, scope);
    }
}

Value Evaluator::evaluateName(const Expression& expression, const ScopePtr& scope)
{
    if (const Value* value = scope->find(expression.name))
        return *value;
    const Value function = globalFunction(expression.name);
    return function.isUndefined() ? Value::undefined("'" + expression.name + "'") : function;
}

Value Evaluator::evaluateList(const Expression& expression, const ScopePtr& scope)
{
    Values items;
    items.reserve(expression.parts.size());
    for (const ExpressionPtr& part : expression.parts)
        items.push_back(evaluate(*part, scope));
    m_at = expression.at;
    return makeList(m_context.meter, std::move(items), expression.kind == Kind::Tuple);
}

Value Evaluator::evaluateDict(const Expression& expression, const ScopePtr& scope)
{
    Entries entries;
    for (std::size_t i = 0; i + 1 < expression.parts.size(); i += 2) {
        const Value key = evaluate(*expression.parts[i], scope);
        setEntry(m_context.meter, entries, key, evaluate(*expression.parts[i + 1], scope));
    }
    m_at = expression.at;
    return makeDict(m_context.meter, std::move(entries));
}

Value Evaluator::evaluateItem(const Expression& expression, const ScopePtr& scope)
{
    const Value value = evaluate(*expression.parts[0], scope);
    if (expression.kind == Kind::Attribute) {
        m_at = expression.at;
        return attributeOf(m_context, value, expression.name);
    }
    const Value key = evaluate(*expression.parts[1], scope);
    m_at = expression.at;
    return itemOf(m_context, value, key);
}

Value Evaluator::evaluateSlice(const Expression& expression, const ScopePtr& scope)
{
    const Value value = evaluate(*expression.parts[0], scope);
    std::optional<std::int64_t> bounds[3];
    for (std::size_t i = 0; i < 3; ++i) {
        if (!expression.parts[i + 1])
            continue;
        const Value bound = evaluate(*expression.parts[i + 1], scope);
        if (bound.isNone())
            continue;
        bounds[i] = bound.asInt();
        if (!bounds[i])
            throw Failure("expected numbers in a slice, found a " + bound.typeName());
    }
    m_at = expression.at;
    return sliceOf(m_context, value, bounds[0], bounds[1], bounds[2]);
}

Arguments Evaluator::evaluateArguments(const Expression& expression, const ScopePtr& scope)
{
    Arguments arguments;
    for (std::size_t i = 1; i < expression.parts.size(); ++i)
        arguments.positional.push_back(evaluate(*expression.parts[i], scope));
    for (const auto& [name, value] : expression.named)
        arguments.named.emplace_back(name, evaluate(*value, scope));
    if (expression.rest)
        for (const Value& value : elementsOf(m_context, evaluate(*expression.rest, scope)))
            arguments.positional.push_back(value);
    if (expression.named_rest) {
        const Value rest = evaluate(*expression.named_rest, scope);
        if (!rest.asDict())
            throw Failure("expected a dictionary behind '**', found a " + rest.typeName());
        for (const auto& [key, value] : rest.asDict()->entries) {
            arguments.named.emplace_back(textOf(key).bytes(), value);
            arguments.names_source = mixedSource(arguments.names_source, textOf(key).source());
        }
    }
    return arguments;
}

Value Evaluator::call(const Value& callee, Arguments& arguments)
{
    if (callee.isUndefined())
        throw Failure(
            "expected something that can be called, found that " + callee.what() + " is undefined");
    const std::shared_ptr<Object> object = callee.object(); // lives as long as its call
    if (!object)
        throw Failure("expected something that can be called, found a " + callee.typeName());
    return object->call(m_context, arguments);
}

Value Evaluator::evaluateCall(const Expression& expression, const ScopePtr& scope)
{
    const Value callee = evaluate(*expression.parts[0], scope);
    Arguments arguments = evaluateArguments(expression, scope);
    m_at = expression.at;
    return call(callee, arguments);
}

Value Evaluator::evaluateFilter(const Expression& expression, const ScopePtr& scope)
{
    const Value value = expression.parts[0] ? evaluate(*expression.parts[0], scope) : m_block_text;
    Arguments arguments = evaluateArguments(expression, scope);
    m_at = expression.at;
    return applyFilter(m_context, expression.name, value, arguments);
}

Value Evaluator::evaluateTest(const Expression& expression, const ScopePtr& scope)
{
    const Value value = evaluate(*expression.parts[0], scope);
    Arguments arguments = evaluateArguments(expression, scope);
    m_at = expression.at;
    return applyTest(m_context, expression.name, value, arguments);
}

Value Evaluator::evaluateBinary(const Expression& expression, const ScopePtr& scope)
{
    const Value left = evaluate(*expression.parts[0], scope);
    const Value right = evaluate(*expression.parts[1], scope);
    m_at = expression.at;
    return calculate(m_context, expression.name, left, right);
}

Value Evaluator::evaluateCompare(const Expression& expression, const ScopePtr& scope)
{
    Value left = evaluate(*expression.parts[0], scope);
    for (std::size_t i = 0; i < expression.operators.size(); ++i) {
        Value right = evaluate(*expression.parts[i + 1], scope);
        m_at = expression.at;
        if (!compare(m_context.meter, expression.operators[i], left, right))
            return false;
        left = std::move(right);
    }
    return true;
}

Value Evaluator::evaluateConcat(const Expression& expression, const ScopePtr& scope)
{
    Text text;
    for (const ExpressionPtr& part : expression.parts)
        text.append(show(m_context, evaluate(*part, scope)));
    m_at = expression.at;
    return m_context.text(std::move(text));
}

Value Evaluator::evaluateLogic(const Expression& expression, const ScopePtr& scope)
{
    Value left = evaluate(*expression.parts[0], scope);
    m_at = expression.at;
    switch (expression.kind) {
    case Kind::Not:
        return !left.truth();
    case Kind::Negative:
        return negative(left);
    case Kind::Positive:
        return positive(left);
    default:
        return left.truth() == (expression.kind == Kind::Or)
            ? left
            : evaluate(*expression.parts[1], scope);
    }
}

Value Evaluator::evaluateConditional(const Expression& expression, const ScopePtr& scope)
{
    if (evaluate(*expression.parts[0], scope).truth())
        return evaluate(*expression.parts[1], scope);
    if (expression.parts[2])
        return evaluate(*expression.parts[2], scope);
    return Value::undefined("the other value of an 'if' without 'else'");
}

} // namespace gorgon::jinja
