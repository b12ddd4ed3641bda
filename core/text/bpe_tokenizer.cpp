// SPDX-License-Identifier: Apache-2.0
#include "core/text/bpe_tokenizer.h"

#include <algorithm>
#include <stdexcept>

#include "core/text/utf8.h"
#include "core/text/word_cache.h"

namespace gorgon {

namespace {

constexpr std::string_view kMark = "\u2581"; // a space in SentencePiece's vocabularies
constexpr std::string_view kOpenBox = "\u2423";
constexpr int kMaxAddedTokens = 1 << 16;
constexpr std::size_t kMaxTextBytes = std::size_t(64) << 20;
// A word takes some 40 bytes a byte to merge; longer ones are cut between characters.
constexpr std::size_t kMaxWordBytes = std::size_t(4) << 20;

JsonPart partOf(const TokenizerFile& file, const char* key, const std::string& what)
{
    static const nlohmann::json none;
    const auto found = file.parts.find(key);
    return {found == file.parts.end() ? &none : &*found, what + ": " + key};
}

std::string withOpenBoxes(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (c == ' ')
            out += kOpenBox;
        else
            out += c;
    return out;
}

} // namespace

// Takes the words of a text and appends their ids.
class BpeTokenizer::Words final : public PreTokenizer::Sink
{
public:
    Words(const BpeTokenizer& tokenizer, std::size_t n_text_bytes, std::vector<int>& ids)
        : m_tokenizer(tokenizer)
        , m_cache(n_text_bytes)
        , m_ids(ids)
    {
    }

    void word(std::string_view text) override
    {
        while (!text.empty()) {
            const std::size_t end = endOf(text);
            encode(text.substr(0, end));
            text.remove_prefix(end);
        }
    }

private:
    // Merges never cross this place.
    std::size_t endOf(std::string_view text) const
    {
        if (m_tokenizer.m_cuts_at_marks) {
            std::size_t at = 0;
            while (text.substr(at).starts_with(kMark))
                at += kMark.size();
            at = text.find(kMark, at);
            if (at <= kMaxWordBytes)
                return at;
        }
        if (text.size() <= kMaxWordBytes)
            return text.size();
        std::size_t end = kMaxWordBytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        return end;
    }
    void encode(std::string_view text)
    {
        if (const auto known = m_cache.find(text); !known.empty()) {
            m_ids.insert(m_ids.end(), known.begin(), known.end());
            return;
        }
        const std::size_t begin = m_ids.size();
        m_tokenizer.m_model.encode(text, m_scratch, m_ids);
        m_cache.put(text, std::span(m_ids).subspan(begin));
    }

    const BpeTokenizer& m_tokenizer;
    WordCache m_cache;
    BpeModel::Scratch m_scratch;
    std::vector<int>& m_ids;
};

BpeTokenizer::BpeTokenizer(
    TokenizerFile&& file, const TokenizerConfig& config, const std::string& what)
    : m_normalizer(partOf(file, "normalizer", what))
    , m_pre_tokenizer(partOf(file, "pre_tokenizer", what))
    , m_decoder(partOf(file, "decoder", what))
{
    if (m_pre_tokenizer.isByteLevel() != m_decoder.isByteLevel())
        partOf(file, "decoder", what)
            .refuse(m_pre_tokenizer.isByteLevel() ? "ByteLevel, as its pre_tokenizer"
                                                  : "none of ByteLevel, as its pre_tokenizer",
                "another");
    if (file.model.contains("type") && file.vocabulary.count() == 0)
        JsonPart{nullptr, what + ": model.vocab"}.refuse("tokens", "none");
    readAdded(file, config, what);
    readPostProcessor(partOf(file, "post_processor", what));
    nameBeginAndEnd(config);
    std::vector<bool> is_closed(static_cast<std::size_t>(m_size), false);
    for (const auto& [id, token] : m_added)
        is_closed[static_cast<std::size_t>(id)] = !token.isPlain();
    m_model = BpeModel(std::move(file), m_pre_tokenizer.isByteLevel(), std::move(is_closed), what);
    m_prefixes_everywhere = m_normalizer.prepends() || m_pre_tokenizer.prependsEverywhere();
    m_cuts_at_marks = m_pre_tokenizer.cutsNothing() && m_model.marksLead(kMark);
}

// The file's own tokens, then those that only the folder's configuration has.
void BpeTokenizer::readAdded(
    TokenizerFile& file, const TokenizerConfig& config, const std::string& what)
{
    const JsonPart list{nullptr, what + ": added_tokens"};
    Vocabulary texts;
    for (const TokenizerFile::Added& added : file.added) {
        const int known = file.vocabulary.find(added.token.text);
        if ((known >= 0 && known != added.id) || (known < 0 && file.vocabulary.has(added.id))
            || !texts.add(added.token.text, added.id))
            list.refuse("each text and each id once",
                "\"" + added.token.text + "\" with id " + std::to_string(added.id)
                    + " beside another");
        m_added[added.id] = added.token;
    }
    for (const auto& [id, token] : config.added_tokens) {
        const int known = file.vocabulary.find(token.text);
        const bool is_free = known == id || (known < 0 && !file.vocabulary.has(id));
        if (is_free && texts.add(token.text, id))
            m_added[id] = token;
    }
    const int n_pieces = file.vocabulary.size();
    m_size = std::max(n_pieces, texts.size());
    if (m_size > n_pieces + kMaxAddedTokens)
        list.refuse("ids right behind the " + std::to_string(n_pieces) + " of the model",
            std::to_string(m_size - 1));
    for (int id = 0; id < n_pieces; ++id)
        if (!file.vocabulary.has(id) && !texts.has(id))
            JsonPart{nullptr, what + ": model.vocab"}.refuse(
                "every id up to " + std::to_string(n_pieces - 1), "none of " + std::to_string(id));
    for (const auto& [id, token] : m_added) {
        AddedToken sought = token;
        if (token.normalized)
            sought.text = m_normalizer.apply(token.text, true);
        (token.normalized ? m_all.normalized : m_all.raw).add(sought, id);
        if (token.isPlain())
            (token.normalized ? m_plain.normalized : m_plain.raw).add(sought, id);
    }
}

// Only what is put in front of a text counts: a prompt has no end yet.
void BpeTokenizer::readPostProcessor(const JsonPart& part)
{
    for (const JsonPart& step : flattened(part, "processors")) {
        const std::string type = step.type();
        if (type == "ByteLevel")
            continue; // about offsets only
        if (type != "TemplateProcessing")
            step.refuse("ByteLevel, TemplateProcessing or a Sequence of them",
                "\"" + type + "\", which is not supported");
        const JsonPart single = step.at("single");
        if (!single.json->is_array())
            single.refuse("a list", "something else");
        for (std::size_t i = 0; i < single.json->size(); ++i) {
            const JsonPart item{&(*single.json)[i], single.where + "[" + std::to_string(i) + "]"};
            if (item.has("Sequence"))
                break;
            const std::string name = item.at("SpecialToken").text("id");
            const JsonPart token = step.at("special_tokens").at(name.c_str());
            const JsonPart ids = token.at("ids");
            if (m_adds_bos || !ids.json->is_array() || ids.json->size() != 1
                || !(*ids.json)[0].is_number_unsigned()
                || (*ids.json)[0].get<std::uint64_t>() >= static_cast<std::uint64_t>(m_size))
                ids.refuse("one token of the vocabulary in front of a text", "something else");
            m_bos = (*ids.json)[0].get<int>();
            m_adds_bos = true;
        }
    }
}

void BpeTokenizer::nameBeginAndEnd(const TokenizerConfig& config)
{
    if (const auto id = controlId(config.bos_token); id && !config.bos_token.empty())
        m_bos = *id;
    if (const auto id = controlId(config.eos_token); id && !config.eos_token.empty())
        m_eos = *id;
    m_adds_bos = config.add_bos_token.value_or(m_adds_bos);
}

std::vector<int> BpeTokenizer::encodeWith(
    const Matchers& matchers, std::string_view raw, bool with_prefix) const
{
    if (raw.size() > kMaxTextBytes)
        throw std::runtime_error("text: expected at most " + std::to_string(kMaxTextBytes)
            + " bytes, found " + std::to_string(raw.size()) + "; shorten it");
    const std::string text = toValidUtf8(raw);
    std::vector<int> ids;
    Words words(*this, text.size(), ids);
    for (const TextSegment& segment : matchers.raw.split(text)) {
        if (segment.control >= 0) {
            ids.push_back(segment.control);
            continue;
        }
        const bool at_start = segment.text.data() == text.data();
        const bool prefix = with_prefix || !at_start;
        const std::string normalized = m_normalizer.apply(segment.text, prefix);
        for (const TextSegment& part : matchers.normalized.split(normalized)) {
            const bool is_first = part.text.data() == normalized.data();
            if (part.control >= 0)
                ids.push_back(part.control);
            else
                m_pre_tokenizer.cut(part.text, {at_start && is_first, prefix || !is_first}, words);
        }
    }
    return ids;
}

std::vector<int> BpeTokenizer::encode(std::string_view text) const
{
    return encodeWith(m_plain, text, true);
}

std::vector<int> BpeTokenizer::encodeContinuation(std::string_view text) const
{
    return encodeWith(m_plain, text, false);
}

std::vector<int> BpeTokenizer::encodeWithControls(std::string_view text) const
{
    return encodeWith(m_all, text, true);
}

bool BpeTokenizer::isControl(int id) const
{
    const auto added = m_added.find(id);
    return added != m_added.end() && added->second.special;
}

std::optional<AddedToken> BpeTokenizer::addedToken(int id) const
{
    const auto added = m_added.find(id);
    return added == m_added.end() ? std::nullopt : std::optional(added->second);
}

std::optional<int> BpeTokenizer::controlId(std::string_view text) const
{
    const auto id = m_all.raw.find(text);
    return id ? id : m_all.normalized.find(text);
}

std::string_view BpeTokenizer::textOf(int id) const
{
    const auto added = m_added.find(id);
    return added == m_added.end() ? m_model.vocabulary().text(id)
                                  : std::string_view(added->second.text);
}

std::string BpeTokenizer::bytes(int id) const
{
    return isControl(id) ? std::string() : m_decoder.bytes(textOf(id));
}

std::string BpeTokenizer::label(int id) const
{
    const std::string_view text = textOf(id);
    const bool is_byte = m_decoder.hasByteFallback() && m_decoder.bytes(text).size() == 1;
    if (is_byte && text.size() == 6)
        return std::string(text);
    std::string bytes = m_decoder.bytes(text);
    if (toValidUtf8(bytes) == bytes)
        return withOpenBoxes(bytes);
    std::string out;
    for (const char byte : bytes) {
        constexpr const char* kDigits = "0123456789ABCDEF";
        const auto value = static_cast<unsigned char>(byte);
        out += std::string("<0x") + kDigits[value >> 4] + kDigits[value & 15] + ">";
    }
    return out;
}

std::string BpeTokenizer::decode(std::span<const int> ids, bool skip_special) const
{
    std::vector<std::string_view> tokens;
    tokens.reserve(ids.size());
    for (const int id : ids) {
        const bool exists = m_added.contains(id) || m_model.vocabulary().has(id);
        if (exists && !(skip_special && isControl(id)))
            tokens.push_back(textOf(id));
    }
    return m_decoder.decode(tokens);
}

} // namespace gorgon
