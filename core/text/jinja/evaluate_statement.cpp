// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/loop.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

using Kind = Statement::Kind;

// A macro keeps the scope that it was made in, and that scope may keep the macro: the evaluator
// empties such scopes at the end.
class Macro final : public Object
{
public:
    Macro(Evaluator& evaluator, const Statement& macro, ScopePtr closure)
        : m_evaluator(evaluator)
        , m_macro(macro)
        , m_closure(std::move(closure))
    {
    }
    std::string typeName() const override { return "Macro"; }
    std::string show() const override { return "<Macro '" + m_macro.text + "'>"; }
    bool isCallable() const override { return true; }
    Value call(Context&, Arguments& arguments) override
    {
        return m_evaluator.callMacro(m_macro, m_closure, arguments);
    }
    Value attribute(Context& context, const std::string& name) const override
    {
        return name == "name" ? context.text(m_macro.text) : Object::attribute(context, name);
    }

private:
    Evaluator& m_evaluator;
    const Statement& m_macro;
    ScopePtr m_closure;
};

} // namespace

Evaluator::Evaluator(Context& context, ScopePtr globals)
    : m_context(context)
    , m_globals(std::move(globals))
{
}

Evaluator::~Evaluator()
{
    for (const ScopePtr& scope : m_kept_scopes)
        scope->clear();
}

Text Evaluator::run(const Block& body)
{
    Text output;
    m_output = &output;
    runBlock(body, std::make_shared<Scope>(m_globals));
    m_output = nullptr;
    return output;
}

void Evaluator::write(const Text& text)
{
    m_context.meter.step(text.size() / 32);
    m_written += text.size();
    if (m_written > m_context.meter.limits().output_bytes)
        throw Failure("expected at most "
            + std::to_string(m_context.meter.limits().output_bytes >> 20)
            + " MiB of text, found more");
    m_output->append(text);
}

Value Evaluator::captured(const Block& body, const ScopePtr& scope)
{
    Text output;
    Text* const outer = std::exchange(m_output, &output);
    runBlock(body, scope);
    m_output = outer;
    m_written -= output.size();
    return m_context.text(std::move(output));
}

Evaluator::Flow Evaluator::runBlock(const Block& body, const ScopePtr& scope)
{
    const Level level(m_context);
    for (const Statement& statement : body) {
        m_context.meter.step();
        m_at = statement.at;
        const Flow flow = runStatement(statement, scope);
        if (flow != Flow::Onwards)
            return flow;
    }
    return Flow::Onwards;
}

Evaluator::Flow Evaluator::runStatement(const Statement& statement, const ScopePtr& scope)
{
    switch (statement.kind) {
    case Kind::Text:
        write(Text(statement.text));
        break;
    case Kind::Output:
        write(show(m_context, evaluate(*statement.value, scope)));
        break;
    case Kind::If:
        return runIf(statement, scope);
    case Kind::For:
        return runFor(statement, scope);
    case Kind::With:
        return runWith(statement, scope);
    case Kind::Set:
        assign(*statement.target, evaluate(*statement.value, scope), scope);
        break;
    case Kind::SetBlock:
        runSetBlock(statement, scope);
        break;
    case Kind::Macro:
        scope->set(statement.text, makeMacro(statement, scope));
        break;
    case Kind::CallBlock:
        runCallBlock(statement, scope);
        break;
    case Kind::FilterBlock:
        m_block_text = captured(statement.body, std::make_shared<Scope>(scope));
        write(show(m_context, evaluate(*statement.value, scope)));
        break;
    case Kind::Break:
        return Flow::Break;
    case Kind::Continue:
        return Flow::Continue;
    }
    return Flow::Onwards;
}

Evaluator::Flow Evaluator::runIf(const Statement& statement, const ScopePtr& scope)
{
    for (const Branch& branch : statement.branches)
        if (!branch.condition || evaluate(*branch.condition, scope).truth())
            return runBlock(branch.body, scope);
    return Flow::Onwards;
}

Evaluator::Flow Evaluator::runFor(const Statement& statement, const ScopePtr& scope)
{
    const Value all = evaluate(*statement.value, scope);
    m_at = statement.value->at;
    Values items = elementsOf(m_context, all);
    if (statement.condition)
        std::erase_if(items, [&](const Value& item) {
            const auto inner = std::make_shared<Scope>(scope);
            assign(*statement.target, item, inner);
            return !evaluate(*statement.condition, inner).truth();
        });
    if (items.empty()) {
        if (statement.branches.empty())
            return Flow::Onwards;
        return runBlock(statement.branches[0].body, std::make_shared<Scope>(scope));
    }
    const Value list = makeList(m_context.meter, std::move(items));
    const auto loop = std::make_shared<Loop>(list);
    const std::shared_ptr<Loop> forgetting(loop.get(), [loop](Loop* each) { each->forget(); });
    for (std::size_t i = 0; i < list.asList()->items.size(); ++i) {
        loop->moveTo(i);
        const auto inner = std::make_shared<Scope>(scope);
        inner->set("loop", std::shared_ptr<Object>(loop));
        assign(*statement.target, list.asList()->items[i], inner);
        if (runBlock(statement.body, inner) == Flow::Break)
            break;
    }
    return Flow::Onwards;
}

Evaluator::Flow Evaluator::runWith(const Statement& statement, const ScopePtr& scope)
{
    const auto inner = std::make_shared<Scope>(scope);
    for (const auto& [name, value] : statement.parameters)
        inner->set(name, evaluate(*value, scope));
    return runBlock(statement.body, inner);
}

void Evaluator::runSetBlock(const Statement& statement, const ScopePtr& scope)
{
    Value value = captured(statement.body, std::make_shared<Scope>(scope));
    if (statement.value) {
        m_block_text = std::move(value);
        value = evaluate(*statement.value, scope);
    }
    assign(*statement.target, value, scope);
}

void Evaluator::runCallBlock(const Statement& statement, const ScopePtr& scope)
{
    const Value callee = evaluate(*statement.value->parts[0], scope);
    Arguments arguments = evaluateArguments(*statement.value, scope);
    arguments.named.emplace_back("caller", makeMacro(statement, scope));
    m_at = statement.value->at;
    write(show(m_context, call(callee, arguments)));
}

void Evaluator::assign(const Expression& target, const Value& value, const ScopePtr& scope)
{
    m_at = target.at;
    if (target.kind == Expression::Kind::Name)
        return scope->set(target.name, value);
    if (target.kind == Expression::Kind::Attribute) {
        const Value owner = evaluate(*target.parts[0], scope);
        if (!owner.asObject() || !owner.asObject()->assign(target.name, value))
            throw Failure("expected a namespace to assign to, found "
                + (owner.isUndefined() ? "that " + owner.what() + " is undefined"
                                       : "a " + owner.typeName()));
        return;
    }
    const Values parts = elementsOf(m_context, value);
    if (parts.size() != target.parts.size() || value.isUndefined())
        throw Failure("expected " + std::to_string(target.parts.size())
            + " values to assign, found " + std::to_string(parts.size()));
    for (std::size_t i = 0; i < parts.size(); ++i)
        assign(*target.parts[i], parts[i], scope);
}

Value Evaluator::makeMacro(const Statement& macro, const ScopePtr& scope)
{
    if (m_kept_scopes.empty() || m_kept_scopes.back() != scope) {
        m_context.meter.hold(256); // until the end
        m_kept_scopes.push_back(scope);
    }
    return std::shared_ptr<Object>(std::make_shared<Macro>(*this, macro, scope));
}

Value Evaluator::callMacro(const Statement& macro, const ScopePtr& closure, Arguments& arguments)
{
    const Level level(m_context);
    const auto scope = std::make_shared<Scope>(closure);
    const std::size_t n = macro.parameters.size();
    const std::size_t given = std::min(arguments.positional.size(), n);
    std::vector<bool> bound(n);
    for (std::size_t i = 0; i < given; ++i) {
        scope->set(macro.parameters[i].first, arguments.positional[i]);
        bound[i] = true;
    }
    const Values spare(arguments.positional.begin() + static_cast<std::ptrdiff_t>(given),
        arguments.positional.end());
    if (!spare.empty() && !macro.uses_varargs)
        throw Failure("expected at most " + std::to_string(n) + " arguments for '" + macro.text
            + "', found " + std::to_string(arguments.positional.size()));
    Entries more;
    for (const auto& [name, value] : arguments.named) {
        std::size_t i = 0;
        while (i < n && macro.parameters[i].first != name)
            ++i;
        if (i < n) {
            if (bound[i])
                throw Failure("expected argument '" + name + "' once, found it twice");
            scope->set(macro.parameters[i].first, value);
            bound[i] = true;
        } else if (name == "caller" && macro.uses_caller)
            scope->set("caller", value);
        else if (macro.uses_kwargs)
            setEntry(m_context.meter, more, m_context.text(name, arguments.names_source), value);
        else
            throw Failure(
                "expected arguments that '" + macro.text + "' knows, found '" + name + "'");
    }
    if (macro.uses_varargs)
        scope->set("varargs", makeTuple(m_context.meter, spare));
    if (macro.uses_kwargs)
        scope->set("kwargs", makeDict(m_context.meter, std::move(more)));
    for (std::size_t i = 0; i < n; ++i) {
        const auto& [name, otherwise] = macro.parameters[i];
        if (!bound[i])
            scope->set(name,
                otherwise ? evaluate(*otherwise, scope)
                          : Value::undefined("parameter '" + name + "'"));
    }
    return captured(macro.body, scope);
}

} // namespace gorgon::jinja
