// SPDX-License-Identifier: Apache-2.0
// Field numbers are those of sentencepiece_model.proto.
#include "core/text/sentencepiece_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <unordered_set>

#include "core/text/protobuf_wire.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxPieces = std::size_t(1) << 20;
// The library builds tries by recursion, one frame a byte.
constexpr std::size_t kMaxPieceBytes = 1024;
// The library has room for so many user-defined pieces that begin one text.
constexpr std::size_t kMaxNestedPieces = 64;

class Reader
{
public:
    Reader(std::string_view bytes, std::string what)
        : m_bytes(bytes)
        , m_what(std::move(what))
    {
    }

    SentencePieceFile read();

private:
    [[noreturn]] void fail(const std::string& found) const
    {
        throw std::runtime_error(m_what + ": expected a SentencePiece model, found " + found
            + "; download the file again");
    }
    WireField take(std::string_view& message) const
    {
        const auto field = takeWireField(message);
        if (!field)
            fail("a broken field near byte " + std::to_string(message.data() - m_bytes.data()));
        return *field;
    }
    void expectType(const WireField& field, int type) const
    {
        if (field.type != type)
            fail("field " + std::to_string(field.number) + " with wire type "
                + std::to_string(field.type) + " in place of " + std::to_string(type));
    }
    int intOf(const WireField& field) const
    {
        expectType(field, 0);
        const auto value = static_cast<std::int64_t>(field.value);
        if (value < INT32_MIN || value > INT32_MAX)
            fail("the number " + std::to_string(value) + " in field "
                + std::to_string(field.number));
        return static_cast<int>(value);
    }
    void readPiece(std::string_view message);
    void readTrainer(std::string_view message);
    void readNormalizer(std::string_view message);
    void checkPieces();
    void checkNesting() const;
    int controlOrNone(int id) const;

    std::string_view m_bytes;
    std::string m_what;
    SentencePieceFile m_file;
    int m_bos_id = 1, m_eos_id = 2; // defaults of the format
    bool m_whitespace_is_suffix = false;
};

void Reader::readPiece(std::string_view message)
{
    const std::string where = "piece " + std::to_string(m_file.pieces.size());
    if (m_file.pieces.size() >= kMaxPieces)
        fail("more than " + std::to_string(kMaxPieces) + " pieces");
    Piece piece;
    while (!message.empty()) {
        const WireField field = take(message);
        if (field.number == 1) {
            expectType(field, 2);
            piece.text = field.bytes;
        } else if (field.number == 2) {
            expectType(field, 5);
            piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
        } else if (field.number == 3) {
            const int type = intOf(field);
            if (type < 1 || type > 6)
                fail(where + " of unknown type " + std::to_string(type));
            piece.type = static_cast<PieceType>(type);
        }
    }
    if (piece.text.empty())
        fail(where + " without text");
    if (piece.text.size() > kMaxPieceBytes)
        fail(where + " of " + std::to_string(piece.text.size()) + " bytes");
    if (!std::isfinite(piece.score))
        fail(where + " with a score that is not a number");
    m_file.pieces.push_back(std::move(piece));
}

void Reader::readTrainer(std::string_view message)
{
    while (!message.empty()) {
        const WireField field = take(message);
        switch (field.number) {
        case 3:
            m_file.model_type = intOf(field);
            if (m_file.model_type < 1 || m_file.model_type > 4)
                fail("model type " + std::to_string(m_file.model_type));
            break;
        case 24:
            m_whitespace_is_suffix = intOf(field) != 0;
            break;
        case 35:
            m_file.byte_fallback = intOf(field) != 0;
            break;
        case 41:
            m_bos_id = intOf(field);
            break;
        case 42:
            m_eos_id = intOf(field);
            break;
        default:
            break;
        }
    }
}

void Reader::readNormalizer(std::string_view message)
{
    while (!message.empty()) {
        const WireField field = take(message);
        switch (field.number) {
        case 2:
            expectType(field, 2);
            m_file.charsmap = field.bytes;
            break;
        case 3:
            m_file.add_dummy_prefix = intOf(field) != 0;
            break;
        case 4:
            m_file.remove_extra_whitespaces = intOf(field) != 0;
            break;
        case 5:
            m_file.escape_whitespaces = intOf(field) != 0;
            break;
        default:
            break;
        }
    }
}

int Reader::controlOrNone(int id) const
{
    const bool inside = id >= 0 && id < static_cast<int>(m_file.pieces.size());
    return inside && m_file.pieces[id].type == PieceType::Control ? id : -1;
}

// No text may begin with more user-defined pieces than the library has room for.
void Reader::checkNesting() const
{
    std::vector<std::string_view> texts, open; // open: each a prefix of the next
    for (const Piece& piece : m_file.pieces)
        if (piece.type == PieceType::UserDefined)
            texts.push_back(piece.text);
    std::ranges::sort(texts);
    for (const std::string_view text : texts) {
        while (!open.empty() && !text.starts_with(open.back()))
            open.pop_back();
        open.push_back(text);
        if (open.size() > kMaxNestedPieces)
            fail("more than " + std::to_string(kMaxNestedPieces)
                + " user-defined pieces that begin one another");
    }
}

void Reader::checkPieces()
{
    if (m_file.pieces.empty())
        fail("no pieces");
    std::unordered_set<std::string_view> texts;
    int n_bytes = 0;
    for (std::size_t id = 0; id < m_file.pieces.size(); ++id) {
        const Piece& piece = m_file.pieces[id];
        const std::string where = "piece " + std::to_string(id);
        if (!texts.insert(piece.text).second)
            fail(where + " with the text of an earlier one");
        if (piece.type == PieceType::Unknown) {
            if (m_file.unk_id >= 0)
                fail("two unknown pieces");
            m_file.unk_id = static_cast<int>(id);
        }
        if (piece.type == PieceType::Byte) {
            const auto is_hex
                = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
            if (piece.text.size() != 6 || !piece.text.starts_with("<0x") || piece.text[5] != '>'
                || !is_hex(piece.text[3]) || !is_hex(piece.text[4]))
                fail(where + " of type byte that names none");
            ++n_bytes;
        }
    }
    if (m_file.unk_id < 0)
        fail("no unknown piece");
    if (n_bytes != (m_file.byte_fallback ? 256 : 0))
        fail(std::to_string(n_bytes) + " byte pieces in place of "
            + (m_file.byte_fallback ? "256" : "none"));
    m_file.bos_id = controlOrNone(m_bos_id);
    m_file.eos_id = controlOrNone(m_eos_id);
}

SentencePieceFile Reader::read()
{
    std::string_view message = m_bytes;
    while (!message.empty()) {
        const WireField field = take(message);
        if (field.number < 1 || field.number > 3)
            continue;
        expectType(field, 2);
        if (field.number == 1)
            readPiece(field.bytes);
        else if (field.number == 2)
            readTrainer(field.bytes);
        else
            readNormalizer(field.bytes);
    }
    checkPieces();
    checkNesting();
    if (m_whitespace_is_suffix)
        fail("spaces written behind words, which is not supported");
    checkCharsmap(m_file.charsmap, m_what);
    return std::move(m_file);
}

} // namespace

SentencePieceFile parseSentencePiece(std::string_view bytes, const std::string& what)
{
    return Reader(bytes, what).read();
}

std::string sentencePieceBytes(const SentencePieceFile& file, bool add_dummy_prefix)
{
    std::string out, message;
    for (std::size_t id = 0; id < file.pieces.size(); ++id) {
        const Piece& piece = file.pieces[id];
        PieceType type = piece.type;
        std::string text = piece.text;
        // Text is valid UTF-8 before it is encoded, hence never holds the byte 0xFF.
        if (type == PieceType::Control || type == PieceType::Unknown)
            text = "\xFF" + std::to_string(id);
        // A trie's keys end at NUL, a map's do not.
        const bool has_nul = text.find('\0') != std::string::npos;
        if (has_nul && type == PieceType::UserDefined)
            type = PieceType::Normal;
        if (has_nul && file.model_type == 1)
            text = "\xFF" + std::to_string(id);
        message.clear();
        putBytesField(message, 1, text);
        putFloatField(message, 2, piece.score);
        putVarintField(message, 3, static_cast<std::uint64_t>(type));
        putBytesField(out, 1, message);
    }
    message.clear();
    putVarintField(message, 3, static_cast<std::uint64_t>(file.model_type));
    putVarintField(message, 35, file.byte_fallback ? 1 : 0);
    putBytesField(out, 2, message);
    message.clear();
    putBytesField(message, 2, file.charsmap);
    putVarintField(message, 3, add_dummy_prefix ? 1 : 0);
    putVarintField(message, 4, file.remove_extra_whitespaces ? 1 : 0);
    putVarintField(message, 5, file.escape_whitespaces ? 1 : 0);
    putBytesField(out, 3, message);
    return out;
}

} // namespace gorgon
