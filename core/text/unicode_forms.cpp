// SPDX-License-Identifier: Apache-2.0
#include "core/text/unicode_forms.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <unicode/bytestream.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "core/text/characters.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

// ICU puts each mark in its place among those before it, one by one; more than so many marks in a
// row are sorted here first.
constexpr std::size_t kMaxMarksInRow = 64;

const icu::Normalizer2& normalizerOf(UnicodeForm form)
{
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = nullptr;
    switch (form) {
    case UnicodeForm::Nfc:
        normalizer = icu::Normalizer2::getNFCInstance(status);
        break;
    case UnicodeForm::Nfd:
        normalizer = icu::Normalizer2::getNFDInstance(status);
        break;
    case UnicodeForm::Nfkc:
        normalizer = icu::Normalizer2::getNFKCInstance(status);
        break;
    case UnicodeForm::Nfkd:
        normalizer = icu::Normalizer2::getNFKDInstance(status);
        break;
    }
    if (U_FAILURE(status) || !normalizer)
        throw std::runtime_error(
            std::string("Unicode data of ICU: expected normalisation forms, found ")
            + u_errorName(status) + "; install the libraries of ICU again");
    return *normalizer;
}

bool isAscii(std::string_view text)
{
    return std::all_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// A character whose decomposition begins with a mark.
bool leadsWithMark(char32_t character)
{
    return character >= 0x300
        && u_getIntPropertyValue(
               static_cast<UChar32>(character), UCHAR_LEAD_CANONICAL_COMBINING_CLASS)
        != 0;
}

// The marks decomposed and in canonical order.
void appendSortedMarks(std::string& out, std::string_view marks, UnicodeForm form)
{
    const icu::Normalizer2& decomposer
        = normalizerOf(form == UnicodeForm::Nfc || form == UnicodeForm::Nfd ? UnicodeForm::Nfd
                                                                            : UnicodeForm::Nfkd);
    std::vector<std::pair<std::uint8_t, char32_t>> parts; // combining class, character
    icu::UnicodeString pieces;
    for (std::size_t at = 0; at < marks.size();) {
        const std::string_view rest = marks.substr(at);
        const char32_t mark = firstCharacter(rest);
        at += static_cast<std::size_t>(utf8Length(rest));
        if (decomposer.getDecomposition(static_cast<UChar32>(mark), pieces)) {
            for (std::int32_t i = 0; i < pieces.length(); i = pieces.moveIndex32(i, 1))
                parts.emplace_back(u_getCombiningClass(pieces.char32At(i)),
                    static_cast<char32_t>(pieces.char32At(i)));
        } else
            parts.emplace_back(u_getCombiningClass(static_cast<UChar32>(mark)), mark);
    }
    // A part of class 0 may not be passed by others.
    for (auto begin = parts.begin(); begin != parts.end();) {
        const auto end
            = std::find_if(begin, parts.end(), [](const auto& p) { return p.first == 0; });
        std::stable_sort(
            begin, end, [](const auto& a, const auto& b) { return a.first < b.first; });
        begin = end == parts.end() ? end : end + 1;
    }
    for (const auto& part : parts)
        appendCharacter(out, part.second);
}

bool hasLongRow(std::string_view text)
{
    std::size_t n_in_row = 0;
    for (std::size_t at = 0; at < text.size() && n_in_row <= kMaxMarksInRow;) {
        const std::string_view rest = text.substr(at);
        n_in_row = leadsWithMark(firstCharacter(rest)) ? n_in_row + 1 : 0;
        at += static_cast<std::size_t>(utf8Length(rest));
    }
    return n_in_row > kMaxMarksInRow;
}

// The text with long rows of marks in canonical order; everything else as it is.
std::string withSortedMarks(std::string_view text, UnicodeForm form)
{
    std::string out;
    std::size_t row = 0, n_in_row = 0; // where the marks at hand begin, how many they are
    const auto flush = [&](std::size_t end) {
        if (n_in_row > kMaxMarksInRow)
            appendSortedMarks(out, text.substr(row, end - row), form);
        else
            out += text.substr(row, end - row);
        n_in_row = 0;
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const auto length = static_cast<std::size_t>(utf8Length(rest));
        if (!leadsWithMark(firstCharacter(rest))) {
            flush(at);
            row = at + length;
            out += rest.substr(0, length);
        } else
            ++n_in_row;
        at += length;
    }
    flush(text.size());
    return out;
}

} // namespace

std::string normalized(std::string_view text, UnicodeForm form)
{
    if (isAscii(text))
        return std::string(text);
    const icu::Normalizer2& normalizer = normalizerOf(form);
    UErrorCode status = U_ZERO_ERROR;
    const auto piece = [](std::string_view bytes) {
        return icu::StringPiece(bytes.data(), static_cast<std::int32_t>(bytes.size()));
    };
    const std::string sorted = hasLongRow(text) ? withSortedMarks(text, form) : std::string(text);
    if (normalizer.isNormalizedUTF8(piece(sorted), status))
        return sorted;
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(sorted.size()));
    normalizer.normalizeUTF8(0, piece(sorted), sink, nullptr, status);
    if (U_FAILURE(status))
        throw std::runtime_error(
            std::string("text: could not be normalised (") + u_errorName(status) + "); shorten it");
    return out;
}

std::string lowercased(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const char32_t character = firstCharacter(rest);
        at += static_cast<std::size_t>(utf8Length(rest));
        if (character < 0x80) {
            const bool is_upper = character >= 'A' && character <= 'Z';
            out += static_cast<char>(is_upper ? character + ('a' - 'A') : character);
        } else
            icu::UnicodeString(static_cast<UChar32>(character))
                .toLower(icu::Locale::getRoot())
                .toUTF8String(out);
    }
    return out;
}

} // namespace gorgon
