// SPDX-License-Identifier: Apache-2.0
// What a SentencePiece model file holds, read and checked by us. The library sees only bytes that
// sentencePieceBytes() wrote from it, because its own loader trusts the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

enum class PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4, // matched in text before anything else
    Unused = 5,
    Byte = 6, // "<0xE2>"
};

struct Piece
{
    std::string text; // U+2581 stands for a space
    float score = 0;
    PieceType type = PieceType::Normal;
};

struct SentencePieceFile
{
    std::vector<Piece> pieces; // by id
    int model_type = 1; // 1 unigram, 2 BPE, 3 word, 4 character
    int unk_id = -1; // the one piece of type Unknown
    int bos_id = -1, eos_id = -1; // control pieces, or -1
    bool add_dummy_prefix = true;
    bool remove_extra_whitespaces = true;
    bool escape_whitespaces = true;
    bool byte_fallback = false;
    std::string charsmap; // normalisation rules as a double-array trie; may be empty
};

/// Throws std::runtime_error naming `what` where the bytes are not a sound model.
SentencePieceFile parseSentencePiece(std::string_view bytes, const std::string& what);
/// Throws std::runtime_error where following the rules could leave the map.
void checkCharsmap(std::string_view charsmap, const std::string& what);
/// A model for the library. Pieces that text must never become (control, unknown) get names that no
/// text holds.
std::string sentencePieceBytes(const SentencePieceFile& file, bool add_dummy_prefix);

} // namespace gorgon
