// SPDX-License-Identifier: Apache-2.0
#include "core/text/pre_tokenizer.h"

#include <chrono>
#include <stdexcept>

#include "core/text/utf8.h"

namespace gorgon {

namespace {

// What ByteLevel cuts by where it brings no expression of its own (GPT-2's).
constexpr const char* kByteLevelExpression
    = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// Each match is within its own limit; together they may not take this long either.
constexpr double kMaxSeconds = 1, kMaxSecondsPerByte = 1e-5;
constexpr unsigned kMatchesPerLook = 1024;

class Deadline
{
public:
    explicit Deadline(std::size_t n_bytes)
        : m_end(Clock::now()
            + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                kMaxSeconds + kMaxSecondsPerByte * static_cast<double>(n_bytes))))
    {
    }
    void check()
    {
        if (++m_n_matches % kMatchesPerLook == 0 && Clock::now() > m_end)
            throw std::runtime_error(
                "pre_tokenizer: expected expressions that go through the text quickly, found one "
                "that does not; choose a model with another tokenizer file");
    }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point m_end;
    unsigned m_n_matches = 0;
};

} // namespace

PreTokenizer::Behaviour PreTokenizer::behaviourOf(const JsonPart& part, const char* otherwise)
{
    const std::string name = part.text("behavior", otherwise);
    if (name == "Removed")
        return Behaviour::Removed;
    if (name == "Isolated")
        return Behaviour::Isolated;
    if (name == "MergedWithPrevious")
        return Behaviour::MergedWithPrevious;
    if (name == "MergedWithNext")
        return Behaviour::MergedWithNext;
    if (name == "Contiguous")
        return Behaviour::Contiguous;
    part.at("behavior")
        .refuse("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
            "\"" + name + "\"");
}

void PreTokenizer::addSplit(Pattern pattern, Behaviour behaviour, bool inverted)
{
    Stage stage;
    stage.pattern = std::move(pattern);
    stage.behaviour = behaviour;
    stage.inverted = inverted;
    m_stages.push_back(std::move(stage));
}

void PreTokenizer::addMetaspace(const JsonPart& part)
{
    Stage stage;
    stage.kind = Stage::Kind::Metaspace;
    stage.replacement = part.text("replacement", "\u2581");
    if (utf8Length(stage.replacement) != static_cast<int>(stage.replacement.size())
        || stage.replacement.empty())
        part.at("replacement").refuse("one character", "\"" + stage.replacement + "\"");
    const std::string scheme
        = part.text("prepend_scheme", part.flag("add_prefix_space", true) ? "always" : "never");
    stage.always = scheme == "always";
    stage.never = scheme == "never";
    if (!stage.always && !stage.never && scheme != "first")
        part.at("prepend_scheme").refuse("first, always or never", "\"" + scheme + "\"");
    m_prepends_at_start |= !stage.never;
    m_prepends_everywhere |= stage.always;
    const std::string replacement = stage.replacement;
    m_stages.push_back(std::move(stage));
    if (part.flag("split", true))
        addSplit(Pattern::literal(replacement), Behaviour::MergedWithNext);
}

void PreTokenizer::add(const JsonPart& part)
{
    const std::string type = part.type();
    const auto regex
        = [&](const char* expression) { return Pattern::regex(expression, part.where); };
    if (m_is_byte_level)
        part.refuse(
            "ByteLevel to be the last", "\"" + type + "\" behind it, which is not supported");
    if (type == "Split") {
        addSplit(Pattern::parse(part.at("pattern")), behaviourOf(part, "Isolated"),
            part.flag("invert", false));
    } else if (type == "ByteLevel") {
        m_is_byte_level = true;
        if (part.flag("add_prefix_space", true)) {
            Stage stage;
            stage.kind = Stage::Kind::Space;
            m_stages.push_back(std::move(stage));
            m_prepends_at_start = m_prepends_everywhere = true;
        }
        if (part.flag("use_regex", true))
            addSplit(regex(kByteLevelExpression), Behaviour::Isolated);
    } else if (type == "Metaspace") {
        addMetaspace(part);
    } else if (type == "Digits") {
        addSplit(regex("\\p{N}"),
            part.flag("individual_digits", false) ? Behaviour::Isolated : Behaviour::Contiguous);
    } else if (type == "Whitespace") {
        addSplit(regex("\\w+|[^\\w\\s]+"), Behaviour::Removed, true);
    } else if (type == "WhitespaceSplit") {
        addSplit(regex("\\s"), Behaviour::Removed);
    } else if (type == "Punctuation") {
        addSplit(regex("[!-/:-@\\[-`{-~\\p{P}]"), behaviourOf(part, "Isolated"));
    } else if (type == "CharDelimiterSplit") {
        addSplit(Pattern::literal(part.text("delimiter")), Behaviour::Removed);
    } else
        part.refuse(
            "Split, ByteLevel, Metaspace, Digits, Whitespace, WhitespaceSplit, Punctuation, "
            "CharDelimiterSplit or a Sequence of them",
            "\"" + type + "\", which is not supported");
}

PreTokenizer::PreTokenizer(const JsonPart& part)
{
    for (const JsonPart& step : flattened(part, "pretokenizers"))
        add(step);
}

void PreTokenizer::cut(std::string_view text, Place place, Sink& sink) const
{
    run(0, text, place, sink);
}

// Goes one stage deeper with each piece, so nothing but the pieces at hand is kept.
void PreTokenizer::run(std::size_t index, std::string_view text, Place place, Sink& sink) const
{
    if (text.empty())
        return;
    if (index == m_stages.size()) {
        sink.word(text);
        return;
    }
    const Stage& stage = m_stages[index];
    if (stage.kind == Stage::Kind::Split) {
        split(index, text, place, sink);
    } else if (stage.kind == Stage::Kind::Space) {
        if (!place.with_prefix || text.starts_with(' '))
            run(index + 1, text, place, sink);
        else
            run(index + 1, " " + std::string(text), place, sink);
    } else {
        std::string spaced = replaced(text, Pattern::literal(" "), stage.replacement);
        const bool wanted = stage.always || (!stage.never && place.at_start);
        if (wanted && place.with_prefix && !spaced.starts_with(stage.replacement))
            spaced.insert(0, stage.replacement);
        run(index + 1, spaced, place, sink);
    }
}

void PreTokenizer::split(std::size_t index, std::string_view text, Place place, Sink& sink) const
{
    const Stage& stage = m_stages[index];
    std::size_t held = 0, end = 0; // the piece that is not passed on yet: [held, end)
    bool held_matched = false;
    const auto pass = [&] {
        Place inner = place;
        inner.at_start &= held == 0;
        run(index + 1, text.substr(held, end - held), inner, sink);
        held = end;
    };
    // One piece after another: matches, and what lies between them.
    const auto piece = [&](std::size_t piece_end, bool matched) {
        if (piece_end == end)
            return;
        bool joins = false; // to the piece before it
        switch (stage.behaviour) {
        case Behaviour::Contiguous:
            joins = matched == held_matched;
            break;
        case Behaviour::MergedWithPrevious:
            joins = matched && !held_matched;
            break;
        case Behaviour::MergedWithNext:
            joins = held_matched && !matched;
            break;
        default:
            break;
        }
        if (!joins)
            pass();
        if (matched && stage.behaviour == Behaviour::Removed)
            held = piece_end;
        end = piece_end;
        held_matched = matched;
    };
    Deadline deadline(text.size());
    for (std::size_t from = 0; from <= text.size();) {
        const auto match = stage.pattern.find(text, from);
        if (!match)
            break;
        deadline.check();
        piece(match->begin, stage.inverted);
        piece(match->end, !stage.inverted);
        from = Pattern::after(*match, text);
    }
    piece(text.size(), stage.inverted);
    pass();
}

} // namespace gorgon
