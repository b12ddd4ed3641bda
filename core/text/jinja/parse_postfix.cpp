// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/parser.h"

namespace gorgon::jinja {

using Kind = Expression::Kind;

ExpressionPtr Parser::postfix(ExpressionPtr value)
{
    for (;;) {
        if (isOperator(".") || isOperator("["))
            value = subscript(std::move(value));
        else if (isOperator("("))
            value = call(std::move(value));
        else
            return value;
    }
}

ExpressionPtr Parser::filtered(ExpressionPtr value)
{
    for (;;) {
        if (isOperator("|"))
            value = filters(std::move(value), false);
        else if (isWord("is"))
            value = test(std::move(value));
        else if (isOperator("("))
            value = call(std::move(value));
        else
            return value;
    }
}

ExpressionPtr Parser::subscript(ExpressionPtr value)
{
    const Token token = take();
    if (token.text == "[")
        return subscripted(std::move(value));
    const bool index = peek().kind == Token::Kind::Integer;
    ExpressionPtr made = make(index ? Kind::Item : Kind::Attribute, token.at);
    add(*made, std::move(value));
    if (index)
        add(*made, number(take()));
    else
        made->name = takeName("the name of an attribute");
    return made;
}

// Behind "[".
ExpressionPtr Parser::subscripted(ExpressionPtr value)
{
    const std::uint32_t at = peek().at;
    ExpressionPtr first = isOperator(":") ? nullptr : expression();
    ExpressionPtr made = make(isOperator(":") ? Kind::Slice : Kind::Item, at);
    add(*made, std::move(value));
    if (made->kind == Kind::Slice) {
        add(*made, std::move(first));
        for (int i = 0; i < 2; ++i) {
            const bool given
                = takeOperator(":") && !isOperator(":") && !isOperator("]") && !isOperator(",");
            add(*made, given ? expression() : nullptr);
        }
    } else if (isOperator(",")) {
        ExpressionPtr key = make(Kind::Tuple, at);
        add(*key, std::move(first));
        while (takeOperator(","))
            add(*key, expression());
        add(*made, std::move(key));
    } else
        add(*made, std::move(first));
    expectOperator("]");
    return made;
}

// first_bare: no "|" stands in front of the first.
ExpressionPtr Parser::filters(ExpressionPtr value, bool first_bare)
{
    while (first_bare || isOperator("|")) {
        if (!first_bare)
            ++m_at;
        first_bare = false;
        ExpressionPtr made = make(Kind::Filter, peek().at);
        made->name = dottedName("the name of a filter");
        add(*made, std::move(value));
        if (isOperator("("))
            arguments(*made);
        value = std::move(made);
    }
    return value;
}

ExpressionPtr Parser::test(ExpressionPtr value)
{
    const std::uint32_t at = take().at;
    const bool negated = takeWord("not");
    ExpressionPtr made = make(Kind::Test, at);
    made->name = dottedName("the name of a test");
    add(*made, std::move(value));
    const Token::Kind kind = peek().kind;
    if (isOperator("("))
        arguments(*made);
    else if (isOperator("[") || isOperator("{") || kind == Token::Kind::String
        || kind == Token::Kind::Integer || kind == Token::Kind::Float
        || (kind == Token::Kind::Name && !isWord({"else", "or", "and"})))
    {
        if (isWord("is"))
            fail("one test behind 'is'");
        add(*made, postfix(primary()));
    }
    if (!negated)
        return made;
    ExpressionPtr opposite = make(Kind::Not, at);
    add(*opposite, std::move(made));
    return opposite;
}

ExpressionPtr Parser::call(ExpressionPtr value)
{
    ExpressionPtr made = make(Kind::Call, peek().at);
    add(*made, std::move(value));
    arguments(*made);
    return made;
}

void Parser::arguments(Expression& to)
{
    expectOperator("(");
    for (bool first = true; !isOperator(")"); first = false) {
        if (!first)
            expectOperator(",");
        if (isOperator(")"))
            break;
        if (takeOperator("*")) {
            if (to.rest || to.named_rest)
                fail("'*' once and before '**'");
            to.rest = expression();
            grow(to, to.rest.get());
        } else if (takeOperator("**")) {
            if (to.named_rest)
                fail("'**' once");
            to.named_rest = expression();
            grow(to, to.named_rest.get());
        } else if (peek().kind == Token::Kind::Name && isNext(Token::Kind::Operator, "=", 1)) {
            if (to.named_rest)
                fail("named arguments before '**'");
            std::string name = take().text;
            ++m_at;
            ExpressionPtr value = expression();
            grow(to, value.get());
            to.named.emplace_back(std::move(name), std::move(value));
        } else {
            if (to.rest || to.named_rest || !to.named.empty())
                fail("arguments by place before those by name");
            add(to, expression());
        }
    }
    expectOperator(")");
}

} // namespace gorgon::jinja
