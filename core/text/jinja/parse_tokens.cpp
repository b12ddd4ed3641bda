// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/parser.h"

namespace gorgon::jinja {

ParserLevel::ParserLevel(Parser& parser)
    : m_parser(parser)
{
    if (parser.m_depth >= kMaxExpressionDepth)
        throw SyntaxError{"expected expressions nested at most "
                + std::to_string(kMaxExpressionDepth) + " deep, found more",
            parser.peek().at};
    ++parser.m_depth;
}

void Parser::fail(const std::string& expected) const
{
    const Token& token = peek();
    const std::string found = token.kind == Token::Kind::End ? "the end of the template"
        : token.kind == Token::Kind::Data                    ? "text"
                                                             : "'" + token.text.substr(0, 40) + "'";
    throw SyntaxError{"expected " + expected + ", found " + found, token.at};
}

bool Parser::isWord(Words words) const
{
    return std::ranges::any_of(words, [this](std::string_view word) { return isWord(word); });
}

bool Parser::takeOperator(std::string_view text)
{
    if (!isOperator(text))
        return false;
    ++m_at;
    return true;
}

bool Parser::takeWord(std::string_view text)
{
    if (!isWord(text))
        return false;
    ++m_at;
    return true;
}

Token Parser::take()
{
    Token token = peek();
    m_at = std::min(m_at + 1, m_tokens.size() - 1);
    return token;
}

std::string Parser::takeName(const char* what)
{
    if (peek().kind != Token::Kind::Name)
        fail(what);
    return take().text;
}

std::string Parser::dottedName(const char* what)
{
    std::string name = takeName(what);
    while (takeOperator("."))
        name += "." + takeName(what);
    return name;
}

void Parser::expectOperator(std::string_view text)
{
    if (!takeOperator(text))
        fail("'" + std::string(text) + "'");
}

void Parser::expectWord(std::string_view text)
{
    if (!takeWord(text))
        fail("'" + std::string(text) + "'");
}

void Parser::expectBlockEnd()
{
    if (peek().kind != Token::Kind::BlockEnd)
        fail("'%}'");
    ++m_at;
}

ExpressionPtr Parser::make(Expression::Kind kind, std::uint32_t at) const
{
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->at = at;
    return made;
}

// Chains such as a + b + c are deep on their left although no bracket is open.
void Parser::grow(Expression& to, const Expression* part) const
{
    if (part)
        to.depth = std::max(to.depth, part->depth + 1);
    if (to.depth > kMaxExpressionDepth)
        throw SyntaxError{"expected expressions nested at most "
                + std::to_string(kMaxExpressionDepth) + " deep, found more",
            to.at};
}

void Parser::add(Expression& to, ExpressionPtr part) const
{
    grow(to, part.get());
    to.parts.push_back(std::move(part));
}

} // namespace gorgon::jinja
