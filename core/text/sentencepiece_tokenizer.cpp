// SPDX-License-Identifier: Apache-2.0
#include "core/text/sentencepiece_tokenizer.h"

#include <charconv>
#include <stdexcept>

#include <sentencepiece_processor.h>

#include "core/text/stream_decoder.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81"; // U+2581
constexpr std::string_view kOpenBox = "\xE2\x90\xA3"; // U+2423
constexpr int kMaxAddedTokens = 1 << 16;
constexpr std::size_t kMaxTextBytes = std::size_t(64) << 20;
// The library takes some 270 bytes a byte of text, so long texts go through it in parts.
constexpr std::size_t kChunkBytes = std::size_t(64) << 10;
constexpr std::size_t kMaxChunkBytes = std::size_t(2) << 20;

std::string replaceSpaces(std::string_view text, std::string_view by)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t next = std::min(text.find(kSpace, at), text.size());
        out.append(text.substr(at, next - at));
        if (next < text.size())
            out.append(by);
        at = next + kSpace.size();
    }
    return out;
}

// U+2581 at the front, in a row, or alone, but never behind another character.
bool spacesLead(std::string_view text)
{
    std::size_t at = 0;
    while (text.substr(at).starts_with(kSpace))
        at += kSpace.size();
    return text.find(kSpace, at) == std::string_view::npos;
}

} // namespace

SentencePieceTokenizer::SentencePieceTokenizer(
    std::string_view bytes, const TokenizerConfig& config, const std::string& what)
    : m_what(what)
    , m_file(parseSentencePiece(bytes, what))
    , m_adds_bos(config.add_bos_token.value_or(true))
    , m_legacy(config.legacy.value_or(true))
{
    m_cuts_at_spaces
        = m_file.charsmap.empty() && !m_file.remove_extra_whitespaces && m_file.escape_whitespaces;
    for (const Piece& piece : m_file.pieces) {
        const bool is_control
            = piece.type == PieceType::Control || piece.type == PieceType::Unknown;
        m_tokens.push_back({piece.text, is_control, piece.type == PieceType::Byte});
        if (!is_control && (!spacesLead(piece.text) || piece.text.find(' ') != std::string::npos))
            m_cuts_at_spaces = false;
    }
    addTokens(config);
    for (int id = 0; id < vocabSize(); ++id)
        if (m_tokens[id].is_control)
            m_controls.add(m_tokens[id].text, id);
    m_bos = namedControl(config.bos_token, m_file.bos_id);
    m_eos = namedControl(config.eos_token, m_file.eos_id);
    m_processor = makeProcessor(m_file.add_dummy_prefix);
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

// Tokens of the configuration beyond the file's pieces, and pieces that it declares special. Text
// never becomes a special one, so the library is told that it is a control piece.
void SentencePieceTokenizer::addTokens(const TokenizerConfig& config)
{
    const int n_pieces = vocabSize();
    for (const auto& [id, added] : config.added_tokens) {
        if (id >= n_pieces + kMaxAddedTokens)
            throw std::runtime_error(m_what + ": expected added tokens right behind its "
                + std::to_string(n_pieces) + " pieces, found id " + std::to_string(id)
                + " in the folder's configuration");
        if (id >= vocabSize())
            m_tokens.resize(static_cast<std::size_t>(id) + 1);
        Token& token = m_tokens[id];
        if (id >= n_pieces) {
            token = {added.text, added.special, false};
            if (!added.special)
                m_controls.add(added.text, id);
        } else if (added.special && !token.is_byte && m_file.pieces[id].type != PieceType::Unknown)
        {
            token.is_control = true;
            token.text = added.text;
            m_file.pieces[id].type = PieceType::Control;
        }
    }
}

int SentencePieceTokenizer::namedControl(const std::string& text, int otherwise) const
{
    return text.empty() ? otherwise : m_controls.find(text).value_or(otherwise);
}

std::unique_ptr<sentencepiece::SentencePieceProcessor> SentencePieceTokenizer::makeProcessor(
    bool add_dummy_prefix) const
{
    auto processor = std::make_unique<Processor>();
    const std::string bytes = sentencePieceBytes(m_file, add_dummy_prefix);
    const auto status = processor->LoadFromSerializedProto(bytes);
    if (!status.ok())
        throw std::runtime_error(m_what
            + ": expected a SentencePiece model, found one that its library refuses ("
            + status.ToString() + "); download the file again");
    return processor;
}

const sentencepiece::SentencePieceProcessor& SentencePieceTokenizer::continuationProcessor() const
{
    if (!m_file.add_dummy_prefix)
        return *m_processor;
    std::call_once(m_continuation_made, [this] { m_continuation = makeProcessor(false); });
    return *m_continuation;
}

bool SentencePieceTokenizer::isWordBoundary(std::string_view text, std::size_t at) const
{
    return text[at] == ' ' && text[at - 1] != ' ' && !text.substr(0, at).ends_with(kSpace);
}

// Cuts where no piece could cross, else, past the largest chunk, between characters.
std::size_t SentencePieceTokenizer::chunkEnd(std::string_view text, std::size_t begin) const
{
    if (text.size() - begin <= kChunkBytes)
        return text.size();
    const std::size_t last = std::min(text.size(), begin + kMaxChunkBytes);
    for (std::size_t at = begin + kChunkBytes; m_cuts_at_spaces && at < last; ++at)
        if (isWordBoundary(text, at))
            return at;
    std::size_t end = last;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return end;
}

std::vector<int> SentencePieceTokenizer::encodePlain(std::string_view raw, bool prefix) const
{
    if (raw.size() > kMaxTextBytes)
        throw std::runtime_error("text: expected at most " + std::to_string(kMaxTextBytes)
            + " bytes, found " + std::to_string(raw.size()) + "; shorten it");
    const std::string text = toValidUtf8(raw);
    std::vector<int> ids, part;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = chunkEnd(text, begin);
        const Processor& processor = begin == 0 && prefix ? *m_processor : continuationProcessor();
        const auto status
            = processor.Encode(std::string_view(text).substr(begin, end - begin), &part);
        if (!status.ok())
            throw std::runtime_error(
                m_what + ": text could not be encoded (" + status.ToString() + ")");
        ids.insert(ids.end(), part.begin(), part.end());
        begin = end;
    }
    return ids;
}

std::vector<int> SentencePieceTokenizer::encode(std::string_view text) const
{
    return encodePlain(text, true);
}

std::vector<int> SentencePieceTokenizer::encodeContinuation(std::string_view text) const
{
    return encodePlain(text, false);
}

std::vector<int> SentencePieceTokenizer::encodeWithControls(std::string_view text) const
{
    std::vector<int> ids;
    for (const TextSegment& segment : m_controls.split(text)) {
        if (segment.control >= 0) {
            ids.push_back(segment.control);
            continue;
        }
        const bool at_start = segment.text.data() == text.data();
        const std::vector<int> part = encodePlain(segment.text, at_start || m_legacy);
        ids.insert(ids.end(), part.begin(), part.end());
    }
    return ids;
}

bool SentencePieceTokenizer::isControl(int id) const
{
    return id >= 0 && id < vocabSize() && m_tokens[id].is_control;
}

std::optional<AddedToken> SentencePieceTokenizer::addedToken(int id) const
{
    const bool is_added = id >= static_cast<int>(m_file.pieces.size()) && id < vocabSize();
    if (!is_added && !isControl(id))
        return std::nullopt;
    const Token& token = m_tokens[static_cast<std::size_t>(id)];
    return AddedToken{.text = token.text, .special = token.is_control};
}

std::optional<int> SentencePieceTokenizer::controlId(std::string_view text) const
{
    return m_controls.find(text);
}

std::string SentencePieceTokenizer::bytes(int id) const
{
    if (id < 0 || id >= vocabSize() || m_tokens[id].is_control)
        return {};
    const Token& token = m_tokens[id];
    if (!token.is_byte)
        return replaceSpaces(token.text, " ");
    unsigned value = 0;
    std::from_chars(token.text.data() + 3, token.text.data() + 5, value, 16);
    return std::string(1, static_cast<char>(value));
}

std::string SentencePieceTokenizer::label(int id) const
{
    return id < 0 || id >= vocabSize() ? std::string() : replaceSpaces(m_tokens[id].text, kOpenBox);
}

std::string SentencePieceTokenizer::decode(std::span<const int> ids, bool skip_special) const
{
    return decodeTokens(*this, ids, true, skip_special);
}

} // namespace gorgon
