// SPDX-License-Identifier: Apache-2.0
// Cuts normalised text into the words that merges stay inside: the "pre_tokenizer" of
// tokenizer.json.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_options.h"
#include "core/text/pattern.h"

namespace gorgon {

class PreTokenizer
{
public:
    /// Takes the words in order; a word points to memory that lasts for the call only.
    class Sink
    {
    public:
        virtual ~Sink() = default;
        virtual void word(std::string_view text) = 0;
    };

    /// What is known about the text that is cut.
    struct Place
    {
        bool at_start = true; // it begins the whole text
        bool with_prefix = true; // a space may be put in front of it
    };

    PreTokenizer() = default; // the whole text is one word
    /// Throws std::runtime_error naming what is not supported.
    explicit PreTokenizer(const JsonPart& part);

    /// text: valid UTF-8.
    void cut(std::string_view text, Place place, Sink& sink) const;
    /// True where the vocabulary is written in the letters that stand for bytes.
    bool isByteLevel() const { return m_is_byte_level; }
    bool cutsNothing() const { return m_stages.empty(); }
    /// A space is put in front: at the start of the whole text; behind each added token too.
    bool prependsAtStart() const { return m_prepends_at_start; }
    bool prependsEverywhere() const { return m_prepends_everywhere; }

private:
    enum class Behaviour
    {
        Removed,
        Isolated,
        MergedWithPrevious,
        MergedWithNext,
        Contiguous
    };

    struct Stage
    {
        enum class Kind
        {
            Split,
            Metaspace,
            Space
        };
        Kind kind = Kind::Split;
        Pattern pattern; // Split
        Behaviour behaviour = Behaviour::Isolated;
        bool inverted = false; // what lies between the matches counts as matched
        std::string replacement; // Metaspace: what a space becomes
        bool always = false, never = false; // Metaspace: where it is put in front
    };

    void add(const JsonPart& part);
    void addSplit(Pattern pattern, Behaviour behaviour, bool inverted = false);
    void addMetaspace(const JsonPart& part);
    static Behaviour behaviourOf(const JsonPart& part, const char* otherwise);
    void run(std::size_t stage, std::string_view text, Place place, Sink& sink) const;
    void split(std::size_t stage, std::string_view text, Place place, Sink& sink) const;

    std::vector<Stage> m_stages;
    bool m_is_byte_level = false;
    bool m_prepends_at_start = false, m_prepends_everywhere = false;
};

} // namespace gorgon
