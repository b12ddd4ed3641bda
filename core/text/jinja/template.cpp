// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/template.h"

#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/parser.h"
#include "core/text/utf8.h"

namespace gorgon::jinja {

namespace {

constexpr std::size_t kMaxSourceBytes = std::size_t(1) << 20;

} // namespace

Template::Template(std::string_view source, std::string what)
    : m_what(std::move(what))
{
    if (source.size() > kMaxSourceBytes)
        throw std::runtime_error(m_what + ": expected a template of at most 1 MiB, found "
            + std::to_string(source.size()) + " bytes");
    m_source = normalizedSource(source);
    try {
        m_body = std::make_shared<const Block>(Parser(tokenize(m_source)).parse());
    } catch (const SyntaxError& error) {
        throw std::runtime_error(toValidUtf8(place(error.at) + error.message));
    }
}

std::string Template::place(std::uint32_t at) const
{
    const std::string_view before = std::string_view(m_source).substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t column = countCharacters(before.substr(before.rfind('\n') + 1)) + 1;
    return m_what + ", line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

Text Template::render(const std::function<void(Context&, Scope&)>& define, const std::tm& now,
    const Limits& limits) const
{
    Context context(limits, now);
    const auto globals = std::make_shared<Scope>(nullptr);
    std::uint32_t at = 0;
    try {
        define(context, *globals);
        Evaluator evaluator(context, globals);
        try {
            return evaluator.run(*m_body);
        } catch (const Failure&) {
            at = evaluator.at();
            throw;
        }
    } catch (const Failure& failure) {
        throw std::runtime_error(toValidUtf8(place(at) + failure.what()));
    }
}

} // namespace gorgon::jinja
