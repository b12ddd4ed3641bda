// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/parser.h"

namespace gorgon::jinja {

using Kind = Statement::Kind;

Block Parser::parse()
{
    Block body = block({});
    if (peek().kind != Token::Kind::End)
        fail("a statement");
    return body;
}

// Up to a block that begins with one of these words, or to the end of the template; "{%" is taken,
// the word is next.
Block Parser::block(Words ends)
{
    if (m_block_depth >= kMaxBlockDepth)
        fail("blocks nested at most " + std::to_string(kMaxBlockDepth) + " deep");
    ++m_block_depth;
    Block body;
    bool ended = ends.size() == 0;
    for (;;) {
        const Token token = peek();
        if (token.kind == Token::Kind::End)
            break;
        ++m_at;
        Statement made;
        made.at = token.at;
        if (token.kind == Token::Kind::Data)
            made.text = token.text;
        else if (token.kind == Token::Kind::VariableBegin) {
            made.kind = Kind::Output;
            made.value = tuple(With_conditions);
            if (peek().kind != Token::Kind::VariableEnd)
                fail("'}}'");
            ++m_at;
        } else {
            ended = isWord(ends);
            if (ended)
                break;
            made = statement();
            expectBlockEnd();
        }
        body.push_back(std::move(made));
    }
    if (!ended && ends.size() > 0)
        fail("'" + std::string(*(ends.end() - 1)) + "'");
    --m_block_depth;
    return body;
}

// Behind "{%", up to the "%}" of its end.
Statement Parser::statement()
{
    Statement made;
    const Token token = peek();
    made.at = token.at;
    const std::string word = takeName("the name of a statement");
    if (word == "if")
        return ifStatement(std::move(made));
    if (word == "for")
        return forStatement(std::move(made));
    if (word == "set")
        return setStatement(std::move(made));
    if (word == "macro")
        return macro(std::move(made));
    if (word == "call")
        return callBlock(std::move(made));
    if (word == "filter")
        return filterBlock(std::move(made));
    if (word == "with")
        return with(std::move(made));
    if (word == "generation") {
        // Marks what the assistant wrote for training; shows what is in it.
        made.kind = Kind::With;
        expectBlockEnd();
        made.body = block({"endgeneration"});
        ++m_at;
        return made;
    }
    if (word == "break" || word == "continue") {
        made.kind = word == "break" ? Kind::Break : Kind::Continue;
        if (m_loops == 0)
            throw SyntaxError{"expected '" + word + "' in a loop, found it outside", token.at};
        return made;
    }
    throw SyntaxError{
        "expected a statement that Gorgon knows, found '" + word.substr(0, 40) + "'", token.at};
}

Statement Parser::ifStatement(Statement made)
{
    made.kind = Kind::If;
    for (bool more = true; more;) {
        Branch branch;
        branch.condition = tuple(Without_conditions);
        expectBlockEnd();
        branch.body = block({"elif", "else", "endif"});
        made.branches.push_back(std::move(branch));
        const std::string word = take().text;
        more = word == "elif";
        if (word == "else") {
            expectBlockEnd();
            made.branches.push_back({nullptr, block({"endif"})});
            ++m_at;
        }
    }
    return made;
}

void Parser::checkTarget(const Expression& target) const
{
    const bool tuple = target.kind == Expression::Kind::Tuple;
    if (!tuple && target.kind != Expression::Kind::Name
        && target.kind != Expression::Kind::Attribute)
        throw SyntaxError{"expected a name to assign to, found something else", target.at};
    if (tuple)
        for (const ExpressionPtr& part : target.parts)
            checkTarget(*part);
}

Statement Parser::forStatement(Statement made)
{
    made.kind = Kind::For;
    made.target = tuple(Targets, {"in"});
    checkTarget(*made.target);
    expectWord("in");
    made.value = tuple(Without_conditions, {"recursive"});
    if (takeWord("if"))
        made.condition = expression();
    if (isWord("recursive"))
        fail("a loop that does not call itself");
    expectBlockEnd();
    ++m_loops;
    made.body = block({"else", "endfor"});
    --m_loops;
    if (take().text == "else") {
        expectBlockEnd();
        made.branches.push_back({nullptr, block({"endfor"})});
        ++m_at;
    }
    return made;
}

Statement Parser::setStatement(Statement made)
{
    made.target = tuple(Targets);
    checkTarget(*made.target);
    if (takeOperator("=")) {
        made.kind = Kind::Set;
        made.value = tuple(With_conditions);
        return made;
    }
    made.kind = Kind::SetBlock;
    if (isOperator("|"))
        made.value = filters(nullptr, false);
    expectBlockEnd();
    made.body = block({"endset"});
    ++m_at;
    return made;
}

void Parser::parameters(Statement& made)
{
    expectOperator("(");
    while (!isOperator(")")) {
        if (!made.parameters.empty())
            expectOperator(",");
        std::string name = takeName("the name of a parameter");
        const bool has_default = takeOperator("=");
        if (!has_default && !made.parameters.empty() && made.parameters.back().second)
            fail("a default for each parameter behind one that has it");
        made.parameters.emplace_back(std::move(name), has_default ? expression() : nullptr);
    }
    expectOperator(")");
}

void Parser::macroBody(Statement& made, std::string_view end)
{
    const bool outer[] = {m_uses_varargs, m_uses_kwargs, m_uses_caller};
    m_uses_varargs = m_uses_kwargs = m_uses_caller = false;
    const int loops = std::exchange(m_loops, 0);
    made.body = block({end});
    ++m_at;
    m_loops = loops;
    made.uses_varargs = m_uses_varargs;
    made.uses_kwargs = m_uses_kwargs;
    made.uses_caller = m_uses_caller;
    m_uses_varargs = outer[0];
    m_uses_kwargs = outer[1];
    m_uses_caller = outer[2];
}

Statement Parser::macro(Statement made)
{
    made.kind = Kind::Macro;
    made.text = takeName("the name of a macro");
    parameters(made);
    expectBlockEnd();
    macroBody(made, "endmacro");
    return made;
}

Statement Parser::callBlock(Statement made)
{
    made.kind = Kind::CallBlock;
    made.text = "caller";
    if (isOperator("("))
        parameters(made);
    made.value = expression();
    if (made.value->kind != Expression::Kind::Call)
        fail("a call");
    expectBlockEnd();
    macroBody(made, "endcall");
    return made;
}

Statement Parser::filterBlock(Statement made)
{
    made.kind = Kind::FilterBlock;
    made.value = filters(nullptr, true);
    expectBlockEnd();
    made.body = block({"endfilter"});
    ++m_at;
    return made;
}

Statement Parser::with(Statement made)
{
    made.kind = Kind::With;
    while (peek().kind != Token::Kind::BlockEnd) {
        if (!made.parameters.empty())
            expectOperator(",");
        std::string name = takeName("a name to set");
        expectOperator("=");
        made.parameters.emplace_back(std::move(name), expression());
    }
    expectBlockEnd();
    made.body = block({"endwith"});
    ++m_at;
    return made;
}

} // namespace gorgon::jinja
