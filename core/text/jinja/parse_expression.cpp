// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "core/text/jinja/parser.h"

namespace gorgon::jinja {

using Kind = Expression::Kind;

bool Parser::isTupleEnd(Words ends) const
{
    const Token::Kind kind = peek().kind;
    return kind == Token::Kind::VariableEnd || kind == Token::Kind::BlockEnd || isOperator(")")
        || isWord(ends);
}

ExpressionPtr Parser::tuple(Tuples mode, Words ends, bool in_parentheses)
{
    const std::uint32_t at = peek().at;
    std::vector<ExpressionPtr> parts;
    bool is_tuple = false;
    for (;;) {
        if (!parts.empty())
            expectOperator(",");
        if (isTupleEnd(ends))
            break;
        parts.push_back(mode == Targets ? primary(true) : expression(mode == With_conditions));
        if (!isOperator(","))
            break;
        is_tuple = true;
    }
    if (!is_tuple && !parts.empty())
        return std::move(parts.front());
    if (!is_tuple && !in_parentheses)
        fail("an expression");
    ExpressionPtr made = make(Kind::Tuple, at);
    for (ExpressionPtr& part : parts)
        add(*made, std::move(part));
    return made;
}

ExpressionPtr Parser::expression(bool with_condition)
{
    const ParserLevel level(*this);
    ExpressionPtr value = alternatives();
    while (with_condition && isWord("if")) {
        ExpressionPtr made = make(Kind::Conditional, take().at);
        add(*made, alternatives());
        add(*made, std::move(value));
        add(*made, takeWord("else") ? expression() : nullptr);
        value = std::move(made);
    }
    return value;
}

ExpressionPtr Parser::alternatives()
{
    ExpressionPtr left = conjunction();
    while (isWord("or")) {
        ExpressionPtr made = make(Kind::Or, take().at);
        add(*made, std::move(left));
        add(*made, conjunction());
        left = std::move(made);
    }
    return left;
}

ExpressionPtr Parser::conjunction()
{
    ExpressionPtr left = negation();
    while (isWord("and")) {
        ExpressionPtr made = make(Kind::And, take().at);
        add(*made, std::move(left));
        add(*made, negation());
        left = std::move(made);
    }
    return left;
}

ExpressionPtr Parser::negation()
{
    if (!isWord("not"))
        return comparison();
    const ParserLevel level(*this);
    ExpressionPtr made = make(Kind::Not, take().at);
    add(*made, negation());
    return made;
}

ExpressionPtr Parser::comparison()
{
    ExpressionPtr left = sum();
    ExpressionPtr made;
    for (;;) {
        const std::uint32_t at = peek().at;
        std::string operation;
        for (const std::string_view each : {"==", "!=", "<=", ">=", "<", ">"})
            if (operation.empty() && takeOperator(each))
                operation = each;
        if (operation.empty() && takeWord("in"))
            operation = "in";
        if (operation.empty() && isWord("not") && isNext(Token::Kind::Name, "in", 1)) {
            m_at += 2;
            operation = "not in";
        }
        if (operation.empty())
            return made ? std::move(made) : std::move(left);
        if (!made) {
            made = make(Kind::Compare, at);
            add(*made, std::move(left));
        }
        made->operators.push_back(operation);
        add(*made, sum());
    }
}

ExpressionPtr Parser::sum()
{
    ExpressionPtr left = concatenation();
    while (isOperator("+") || isOperator("-")) {
        const Token token = take();
        ExpressionPtr made = make(Kind::Binary, token.at);
        made->name = token.text;
        add(*made, std::move(left));
        add(*made, concatenation());
        left = std::move(made);
    }
    return left;
}

ExpressionPtr Parser::concatenation()
{
    ExpressionPtr first = product();
    if (!isOperator("~"))
        return first;
    ExpressionPtr made = make(Kind::Concat, peek().at);
    add(*made, std::move(first));
    while (takeOperator("~"))
        add(*made, product());
    return made;
}

ExpressionPtr Parser::product()
{
    ExpressionPtr left = power();
    while (isOperator("*") || isOperator("/") || isOperator("//") || isOperator("%")) {
        const Token token = take();
        ExpressionPtr made = make(Kind::Binary, token.at);
        made->name = token.text;
        add(*made, std::move(left));
        add(*made, power());
        left = std::move(made);
    }
    return left;
}

ExpressionPtr Parser::power()
{
    ExpressionPtr left = unary(true);
    while (isOperator("**")) {
        ExpressionPtr made = make(Kind::Binary, take().at);
        made->name = "**";
        add(*made, std::move(left));
        add(*made, unary(true));
        left = std::move(made);
    }
    return left;
}

ExpressionPtr Parser::unary(bool with_filters)
{
    const ParserLevel level(*this);
    ExpressionPtr value;
    if (isOperator("-") || isOperator("+")) {
        const Token token = take();
        value = make(token.text == "-" ? Kind::Negative : Kind::Positive, token.at);
        add(*value, unary(false));
    } else
        value = primary();
    value = postfix(std::move(value));
    return with_filters ? filtered(std::move(value)) : std::move(value);
}

ExpressionPtr Parser::number(const Token& token)
{
    ExpressionPtr made = make(Kind::Literal, token.at);
    const char* begin = token.text.data();
    const char* end = begin + token.text.size();
    std::from_chars_result result{};
    if (token.kind == Token::Kind::Float) {
        double value = 0;
        result = std::from_chars(begin, end, value);
        made->literal = value;
    } else {
        const char mark = token.text.size() > 1 ? static_cast<char>(token.text[1] | 0x20) : '\0';
        const int base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
        std::int64_t value = 0;
        result = std::from_chars(begin + (base == 10 ? 0 : 2), end, value, base);
        const bool padded = base == 10 && value != 0 && token.text[0] == '0';
        made->literal = value;
        if (padded)
            result.ec = std::errc::invalid_argument;
    }
    if (result.ec != std::errc() || result.ptr != end)
        throw SyntaxError{
            "expected a number of 64 bits, found '" + token.text.substr(0, 40) + "'", token.at};
    return made;
}

ExpressionPtr Parser::primary(bool target)
{
    const Token token = peek();
    if (token.kind == Token::Kind::Name) {
        ++m_at;
        ExpressionPtr made = make(Kind::Literal, token.at);
        if (token.text == "true" || token.text == "True")
            made->literal = true;
        else if (token.text == "false" || token.text == "False")
            made->literal = false;
        else if (token.text == "none" || token.text == "None")
            made->literal = None{};
        else {
            made->kind = Kind::Name;
            made->name = token.text;
            m_uses_varargs = m_uses_varargs || token.text == "varargs";
            m_uses_kwargs = m_uses_kwargs || token.text == "kwargs";
            m_uses_caller = m_uses_caller || token.text == "caller";
        }
        if (target && made->kind == Kind::Name && takeOperator(".")) {
            ExpressionPtr attribute = make(Kind::Attribute, token.at);
            attribute->name = takeName("the name of an attribute");
            add(*attribute, std::move(made));
            return attribute;
        }
        return made;
    }
    if (token.kind == Token::Kind::String) {
        std::string text;
        while (peek().kind == Token::Kind::String)
            text += take().text;
        ExpressionPtr made = make(Kind::Literal, token.at);
        made->literal = Value::literal(std::move(text));
        return made;
    }
    if (token.kind == Token::Kind::Integer || token.kind == Token::Kind::Float)
        return number(take());
    if (isOperator("[")) {
        return list();
    }
    if (isOperator("{"))
        return dict();
    if (!takeOperator("("))
        fail("an expression");
    const ParserLevel level(*this);
    ExpressionPtr made = tuple(target ? Targets : With_conditions, {}, true);
    expectOperator(")");
    return made;
}

ExpressionPtr Parser::list()
{
    ExpressionPtr made = make(Kind::List, take().at);
    while (!isOperator("]")) {
        if (!made->parts.empty())
            expectOperator(",");
        if (isOperator("]"))
            break;
        add(*made, expression());
    }
    expectOperator("]");
    return made;
}

ExpressionPtr Parser::dict()
{
    ExpressionPtr made = make(Kind::Dict, take().at);
    while (!isOperator("}")) {
        if (!made->parts.empty())
            expectOperator(",");
        if (isOperator("}"))
            break;
        add(*made, expression());
        expectOperator(":");
        add(*made, expression());
    }
    expectOperator("}");
    return made;
}

} // namespace gorgon::jinja
