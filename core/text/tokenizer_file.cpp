// SPDX-License-Identifier: Apache-2.0
#include "core/text/tokenizer_file.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/text/json_options.h"
#include "core/text/json_value_builder.h"

namespace gorgon {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxValues = std::size_t(1) << 20; // outside vocabulary and merges
constexpr std::size_t kShownBytes = 40;

std::string inQuotes(std::string_view text)
{
    const bool is_long = text.size() > kShownBytes;
    return nlohmann::json(text.substr(0, kShownBytes))
               .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)
        + (is_long ? "..." : "");
}

// Where a value belongs, by the containers around it.
enum class Place
{
    Outside,
    Top,
    Model,
    Vocabulary,
    Merges,
    MergePair,
    Part
};

class Reader final : public nlohmann::json_sax<nlohmann::json>
{
public:
    Reader(TokenizerFile& file, const std::string& what, bool is_vocabulary_only)
        : m_file(file)
        , m_what(what)
        , m_place(Place::Outside)
        , m_is_vocabulary_only(is_vocabulary_only)
    {
    }

    bool null() override { return value(nullptr, "null"); }
    bool boolean(bool flag) override { return value(flag, "true or false"); }
    bool number_integer(number_integer_t number) override
    {
        return value(number, "the number " + std::to_string(number));
    }
    bool number_unsigned(number_unsigned_t number) override
    {
        if (m_place == Place::Vocabulary)
            return addToken(number);
        return value(number, "a number");
    }
    bool number_float(number_float_t number, const string_t&) override
    {
        return value(number, "a number that is not whole");
    }
    bool string(string_t& text) override
    {
        if (m_place == Place::Merges)
            return addMerge(text);
        if (m_place == Place::MergePair)
            return addMergeSide(text);
        return value(nlohmann::json(text), "a text");
    }
    bool binary(binary_t&) override { return false; }
    bool addMerge(std::string_view text);
    bool start_object(std::size_t) override;
    bool key(string_t& text) override;
    bool end_object() override;
    bool start_array(std::size_t) override;
    bool end_array() override;
    bool parse_error(
        std::size_t position, const std::string&, const nlohmann::json::exception&) override
    {
        throw std::runtime_error(m_what + ": expected JSON, found something else near byte "
            + std::to_string(position) + "; download the file again");
    }

private:
    [[noreturn]] void fail(const std::string& field, const std::string& found) const
    {
        throw std::runtime_error(
            m_what + ": " + field + ": expected " + found + "; download the file again");
    }
    void enter(Place place)
    {
        if (++m_depth > kMaxDepth)
            fail("JSON", "at most " + std::to_string(kMaxDepth) + " levels, found more");
        m_outer.push_back(m_place);
        m_place = place;
    }
    void leave()
    {
        --m_depth;
        m_place = m_outer.back();
        m_outer.pop_back();
    }
    void count()
    {
        if (++m_n_values > kMaxValues)
            fail("JSON", "at most " + std::to_string(kMaxValues) + " values, found more");
    }
    bool value(nlohmann::json json, const std::string& kind);
    bool addToken(std::uint64_t id);
    bool addMergeSide(const std::string& text);
    void startPart(const std::string& key);

    TokenizerFile& m_file;
    const std::string& m_what;
    Place m_place;
    std::vector<Place> m_outer;
    int m_depth = 0;
    std::size_t m_n_values = 0;
    bool m_is_vocabulary_only = false;
    bool m_has_vocabulary = false, m_has_merges = false, m_has_model = false;
    std::string m_key;
    std::vector<std::string> m_pair;
    JsonValueBuilder m_builder;
};

void Reader::startPart(const std::string& key)
{
    nlohmann::json& parent = m_place == Place::Model ? m_file.model : m_file.parts;
    if (parent.contains(key))
        fail(inQuotes(key), "it once, found it twice");
    m_builder.start(parent[key]);
}

bool Reader::value(nlohmann::json json, const std::string& kind)
{
    count();
    switch (m_place) {
    case Place::Outside:
        fail("the file", "a JSON object, found " + kind);
    case Place::Vocabulary:
        fail("model.vocab", "an id from 0 for " + inQuotes(m_key) + ", found " + kind);
    case Place::Merges:
    case Place::MergePair:
        fail("model.merges", "texts or pairs of texts, found " + kind);
    case Place::Top:
        if (m_key == "model")
            fail("model", "an object, found " + kind);
        startPart(m_key);
        break;
    case Place::Model:
        if (m_key == "vocab" || m_key == "merges")
            fail("model." + m_key, "an object or a list, found " + kind);
        startPart(m_key);
        break;
    case Place::Part:
        break;
    }
    m_builder.value(std::move(json));
    return true;
}

bool Reader::addToken(std::uint64_t id)
{
    if (id >= static_cast<std::uint64_t>(Vocabulary::kMaxIds))
        fail("model.vocab",
            "ids below " + std::to_string(Vocabulary::kMaxIds) + ", found " + std::to_string(id));
    if (m_key.size() > kMaxTokenTextBytes)
        fail("model.vocab",
            "texts of at most " + std::to_string(kMaxTokenTextBytes) + " bytes, found "
                + std::to_string(m_key.size()));
    if (!m_file.vocabulary.add(m_key, static_cast<int>(id)))
        fail("model.vocab",
            "each text and each id once, found " + inQuotes(m_key) + " with id "
                + std::to_string(id) + " beside another");
    return true;
}

bool Reader::addMerge(std::string_view text)
{
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == text.size()
        || text.find(' ', space + 1) != std::string_view::npos)
        fail("model.merges",
            "two texts with a space between them in entry " + std::to_string(m_file.merges.size())
                + ", found " + inQuotes(text));
    if (m_file.merges.size() >= kMaxMerges || text.size() > 2 * kMaxTokenTextBytes)
        fail("model.merges", "at most " + std::to_string(kMaxMerges) + " of tokens, found more");
    m_file.merges.add(text.substr(0, space), text.substr(space + 1));
    return true;
}

bool Reader::addMergeSide(const std::string& text)
{
    if (m_pair.size() >= 2 || text.empty() || text.size() > kMaxTokenTextBytes)
        fail("model.merges",
            "pairs of texts in entry " + std::to_string(m_file.merges.size())
                + ", found something else");
    m_pair.push_back(text);
    return true;
}

bool Reader::start_object(std::size_t)
{
    count();
    if (m_place == Place::Outside) {
        enter(m_is_vocabulary_only ? Place::Vocabulary : Place::Top);
    } else if (m_place == Place::Top && m_key == "model") {
        if (std::exchange(m_has_model, true))
            fail("model", "it once, found it twice");
        enter(Place::Model);
    } else if (m_place == Place::Model && m_key == "vocab") {
        if (std::exchange(m_has_vocabulary, true))
            fail("model.vocab", "it once, found it twice");
        enter(Place::Vocabulary);
    } else if (m_place == Place::Top || m_place == Place::Model || m_place == Place::Part) {
        if (m_place == Place::Model && m_key == "merges")
            fail("model.merges", "a list, found an object");
        if (m_place != Place::Part)
            startPart(m_key);
        m_builder.open(nlohmann::json::object());
        enter(Place::Part);
    } else
        return value(nullptr, "an object");
    return true;
}

bool Reader::key(string_t& text)
{
    if (m_place == Place::Part) {
        if (!m_builder.key(text))
            fail(inQuotes(text), "each key of an object once, found it twice");
    } else
        m_key.swap(text);
    return true;
}

bool Reader::end_object()
{
    if (m_place == Place::Part)
        m_builder.close();
    leave();
    return true;
}

bool Reader::start_array(std::size_t)
{
    count();
    if (m_place == Place::Model && m_key == "vocab")
        fail("model.vocab",
            "an object of texts and ids, found a list, as a Unigram model has it; such models are "
            "read from tokenizer.model only");
    if (m_place == Place::Model && m_key == "merges") {
        if (std::exchange(m_has_merges, true))
            fail("model.merges", "it once, found it twice");
        enter(Place::Merges);
    } else if (m_place == Place::Merges) {
        m_pair.clear();
        enter(Place::MergePair);
    } else if (m_place == Place::Part || m_place == Place::Model
        || (m_place == Place::Top && m_key != "model"))
    {
        if (m_place != Place::Part)
            startPart(m_key);
        m_builder.open(nlohmann::json::array());
        enter(Place::Part);
    } else
        return value(nullptr, "a list");
    return true;
}

bool Reader::end_array()
{
    if (m_place == Place::Part)
        m_builder.close();
    if (m_place == Place::MergePair) {
        if (m_pair.size() != 2)
            fail("model.merges",
                "pairs of texts in entry " + std::to_string(m_file.merges.size()) + ", found "
                    + std::to_string(m_pair.size()) + " texts");
        if (m_file.merges.size() >= kMaxMerges)
            fail("model.merges", "at most " + std::to_string(kMaxMerges) + ", found more");
        m_file.merges.add(m_pair[0], m_pair[1]);
    }
    leave();
    return true;
}

void readAdded(TokenizerFile& file, const std::string& what)
{
    if (!file.parts.contains("added_tokens") || file.parts["added_tokens"].is_null())
        return;
    const JsonPart list{&file.parts["added_tokens"], what + ": added_tokens"};
    if (!list.json->is_array())
        list.refuse("a list", "something else");
    for (std::size_t i = 0; i < list.json->size(); ++i) {
        const JsonPart entry{&(*list.json)[i], list.where + "[" + std::to_string(i) + "]"};
        TokenizerFile::Added added;
        added.id = entry.number("id", -1, Vocabulary::kMaxIds - 1);
        if (added.id < 0)
            entry.refuse("a field \"id\"", "none");
        AddedToken& token = added.token;
        token.text = entry.text("content");
        if (token.text.empty() || token.text.size() > kMaxTokenTextBytes)
            entry.refuse("a content of 1 to " + std::to_string(kMaxTokenTextBytes) + " bytes",
                std::to_string(token.text.size()) + " bytes");
        token.special = entry.flag("special", false);
        token.lstrip = entry.flag("lstrip", false);
        token.rstrip = entry.flag("rstrip", false);
        token.single_word = entry.flag("single_word", false);
        token.normalized = entry.flag("normalized", !token.special);
        file.added.push_back(std::move(added));
    }
    file.parts.erase("added_tokens");
}

void parse(std::string_view bytes, Reader& reader)
{
    nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &reader);
}

} // namespace

void MergeList::add(std::string_view left, std::string_view right)
{
    m_entries.push_back({static_cast<std::uint32_t>(m_bytes.size()),
        static_cast<std::uint32_t>(left.size()), static_cast<std::uint32_t>(right.size())});
    m_bytes += left;
    m_bytes += right;
}

MergeList::Merge MergeList::operator[](std::size_t rank) const
{
    const Entry& entry = m_entries[rank];
    const std::string_view both
        = std::string_view(m_bytes).substr(entry.at, entry.left + entry.right);
    return {both.substr(0, entry.left), both.substr(entry.left), both};
}

TokenizerFile parseTokenizerJson(std::string_view bytes, const std::string& what)
{
    TokenizerFile file;
    Reader reader(file, what, false);
    parse(bytes, reader);
    readAdded(file, what);
    return file;
}

TokenizerFile parseVocabularyAndMerges(std::string_view vocabulary,
    const std::string& vocabulary_name, std::string_view merges, const std::string& merges_name)
{
    TokenizerFile file;
    Reader reader(file, vocabulary_name, true);
    parse(vocabulary, reader);
    Reader merge_reader(file, merges_name, true);
    for (std::size_t at = 0; at < merges.size();) {
        const std::size_t end = std::min(merges.find('\n', at), merges.size());
        std::string_view line = merges.substr(at, end - at);
        const bool is_version = at == 0 && line.starts_with("#version");
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.empty() && !is_version)
            merge_reader.addMerge(line);
        at = end + 1;
    }
    return file;
}

} // namespace gorgon
