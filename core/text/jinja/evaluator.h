// SPDX-License-Identifier: Apache-2.0
// Walks the tree of a template and writes its text.
#pragma once

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/ast.h"
#include "core/text/jinja/scope.h"

namespace gorgon::jinja {

class Evaluator
{
public:
    /// globals: what the template sees; sets nothing there.
    Evaluator(Context& context, ScopePtr globals);
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Throws Failure; at() then says where.
    Text run(const Block& body);
    std::uint32_t at() const { return m_at; }
    /// What a macro yields.
    Value callMacro(const Statement& macro, const ScopePtr& closure, Arguments& arguments);

private:
    enum class Flow
    {
        Onwards,
        Break,
        Continue,
    };

    // Statements.
    Flow runBlock(const Block& body, const ScopePtr& scope);
    Flow runStatement(const Statement& statement, const ScopePtr& scope);
    Flow runIf(const Statement& statement, const ScopePtr& scope);
    Flow runFor(const Statement& statement, const ScopePtr& scope);
    Flow runWith(const Statement& statement, const ScopePtr& scope);
    void runSetBlock(const Statement& statement, const ScopePtr& scope);
    void runCallBlock(const Statement& statement, const ScopePtr& scope);
    void write(const Text& text);
    Value captured(const Block& body, const ScopePtr& scope);
    void assign(const Expression& target, const Value& value, const ScopePtr& scope);
    Value makeMacro(const Statement& macro, const ScopePtr& scope);

    // Expressions.
    Value evaluate(const Expression& expression, const ScopePtr& scope);
    Value evaluateKind(const Expression& expression, const ScopePtr& scope);
    Value evaluateName(const Expression& expression, const ScopePtr& scope);
    Value evaluateList(const Expression& expression, const ScopePtr& scope);
    Value evaluateDict(const Expression& expression, const ScopePtr& scope);
    Value evaluateItem(const Expression& expression, const ScopePtr& scope);
    Value evaluateSlice(const Expression& expression, const ScopePtr& scope);
    Value evaluateCall(const Expression& expression, const ScopePtr& scope);
    Value evaluateFilter(const Expression& expression, const ScopePtr& scope);
    Value evaluateTest(const Expression& expression, const ScopePtr& scope);
    Value evaluateBinary(const Expression& expression, const ScopePtr& scope);
    Value evaluateCompare(const Expression& expression, const ScopePtr& scope);
    Value evaluateConcat(const Expression& expression, const ScopePtr& scope);
    Value evaluateLogic(const Expression& expression, const ScopePtr& scope);
    Value evaluateConditional(const Expression& expression, const ScopePtr& scope);
    Arguments evaluateArguments(const Expression& expression, const ScopePtr& scope);
    Value call(const Value& callee, Arguments& arguments);

    Context& m_context;
    ScopePtr m_globals;
    std::vector<ScopePtr> m_kept_scopes; // those that macros look into
    Text* m_output = nullptr;
    std::size_t m_written = 0; // bytes of all open outputs
    Value m_block_text; // what a chain of filters without a value takes
    std::uint32_t m_at = 0;
};

} // namespace gorgon::jinja
