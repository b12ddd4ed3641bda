// SPDX-License-Identifier: Apache-2.0
// Tokens to the tree. The grammar and its precedences are Jinja's.
#pragma once

#include <initializer_list>

#include "core/text/jinja/ast.h"
#include "core/text/jinja/lexer.h"

namespace gorgon::jinja {

class Parser
{
public:
    explicit Parser(std::vector<Token> tokens)
        : m_tokens(std::move(tokens))
    {
    }

    /// The whole template. Throws SyntaxError.
    Block parse();

private:
    using Words = std::initializer_list<std::string_view>;
    enum Tuples
    {
        With_conditions,
        Without_conditions,
        Targets,
    };

    // Tokens.
    const Token& peek(std::size_t ahead = 0) const
    {
        return m_tokens[std::min(m_at + ahead, m_tokens.size() - 1)];
    }
    bool isNext(Token::Kind kind, std::string_view text, std::size_t ahead = 0) const
    {
        return peek(ahead).kind == kind && peek(ahead).text == text;
    }
    bool isOperator(std::string_view text) const { return isNext(Token::Kind::Operator, text); }
    bool isWord(std::string_view text) const { return isNext(Token::Kind::Name, text); }
    bool isWord(Words words) const;
    bool takeOperator(std::string_view text);
    bool takeWord(std::string_view text);
    Token take();
    std::string takeName(const char* what);
    void expectOperator(std::string_view text);
    void expectWord(std::string_view text);
    void expectBlockEnd();
    [[noreturn]] void fail(const std::string& expected) const;

    // Expressions.
    ExpressionPtr make(Expression::Kind kind, std::uint32_t at) const;
    void add(Expression& to, ExpressionPtr part) const;
    void grow(Expression& to, const Expression* part) const;
    ExpressionPtr tuple(Tuples mode, Words ends = {}, bool in_parentheses = false);
    bool isTupleEnd(Words ends) const;
    ExpressionPtr expression(bool with_condition = true);
    ExpressionPtr alternatives();
    ExpressionPtr conjunction();
    ExpressionPtr negation();
    ExpressionPtr comparison();
    ExpressionPtr sum();
    ExpressionPtr concatenation();
    ExpressionPtr product();
    ExpressionPtr power();
    ExpressionPtr unary(bool with_filters);
    ExpressionPtr primary(bool target = false);
    ExpressionPtr number(const Token& token);
    ExpressionPtr list();
    ExpressionPtr dict();
    ExpressionPtr postfix(ExpressionPtr value);
    ExpressionPtr subscript(ExpressionPtr value);
    ExpressionPtr subscripted(ExpressionPtr value);
    ExpressionPtr filtered(ExpressionPtr value);
    ExpressionPtr filters(ExpressionPtr value, bool first_bare);
    ExpressionPtr test(ExpressionPtr value);
    ExpressionPtr call(ExpressionPtr value);
    void arguments(Expression& to);
    std::string dottedName(const char* what);

    // Statements.
    Block block(Words ends);
    Statement statement();
    Statement ifStatement(Statement made);
    Statement forStatement(Statement made);
    Statement setStatement(Statement made);
    Statement macro(Statement made);
    Statement callBlock(Statement made);
    Statement filterBlock(Statement made);
    Statement with(Statement made);
    void parameters(Statement& made);
    void macroBody(Statement& made, std::string_view end);
    void checkTarget(const Expression& target) const;

    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
    int m_depth = 0; // of expressions being parsed
    int m_block_depth = 0;
    int m_loops = 0; // open ones of this macro
    bool m_uses_varargs = false, m_uses_kwargs = false, m_uses_caller = false;

    friend class ParserLevel;
};

/// Counts a level of expressions. Throws SyntaxError where there are too many.
class ParserLevel
{
public:
    explicit ParserLevel(Parser& parser);
    ~ParserLevel() { --m_parser.m_depth; }
    ParserLevel(const ParserLevel&) = delete;
    ParserLevel& operator=(const ParserLevel&) = delete;

private:
    Parser& m_parser;
};

} // namespace gorgon::jinja
