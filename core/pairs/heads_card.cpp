// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/heads_card.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "core/model/file_error.h"
#include "core/model/heads_file.h"
#include "core/model/heads_match.h"
#include "core/model/json_file.h"

namespace gorgon {

namespace {

using nlohmann::json;

constexpr size_t kMaxShownHeads = 32;
constexpr size_t kShownRanks = 5;
constexpr size_t kMaxRows = 60; // of the recipe

std::string number(double value, int digits)
{
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::optional<double> numberIn(const json& object, const char* name)
{
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number())
        return {};
    const double value = found->get<double>();
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string textIn(const json& object, const char* name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? shown(found->get<std::string>()) : "";
}

/// Of a cell of a table: one line, no mark that the table or HTML would take for its own.
std::string cell(const std::string& text)
{
    std::string result;
    for (const char c : shown(text, 300)) {
        if (c == '<' || c == '>' || c == '|' || c == '`' || c == '[' || c == ']')
            result += '\\';
        result += c;
    }
    return result;
}

bool isHubName(const std::string& name)
{
    return !name.empty() && name.size() < 200 && std::count(name.begin(), name.end(), '/') == 1
        && name.find("..") == name.npos && name.front() != '/' && name.back() != '/'
        && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                   || c == '-' || c == '_' || c == '.' || c == '/';
           });
}

class CardWriter
{
public:
    CardWriter(const std::filesystem::path& folder, const std::string& repository)
        : m_folder(folder)
        , m_repository(repository)
        , m_heads(openHeads(folder))
    {
    }

    std::string write()
    {
        const std::string base = m_heads.in_full_model ? "" : statedModel(m_heads.stated.base);
        const std::string license
            = textIn(file("training.json").value_or(json::object()), "licence");
        m_text = "---\nlibrary_name: medusa\ntags:\n- medusa\n- speculative-decoding\n- gorgon\n";
        if (isHubName(base))
            m_text += "base_model: " + base + "\n";
        m_text += "---\n\n# " + cell(m_repository) + "\n\n";
        const size_t n = m_heads.heads.size();
        m_text += std::to_string(n) + (n == 1 ? " Medusa head" : " Medusa heads");
        if (m_heads.in_full_model)
            m_text += " together with the model that they were trained with";
        m_text += ". Heads draft tokens; the base model verifies them, so that greedy text is that "
                  "of the base model.\n\n";
        m_text += "| | |\n|---|---|\n";
        row("Base model",
            m_heads.in_full_model ? "in this repository"
                : base.empty()    ? "unknown"
                                  : cell(base));
        row("Heads",
            std::to_string(n) + ", of " + std::to_string(m_heads.n_blocks)
                + (m_heads.n_blocks == 1 ? " block" : " blocks") + " each");
        row("Format", headsFormatWords(m_heads));
        row("Hidden size", std::to_string(m_heads.width));
        if (m_heads.own_vocab)
            row("Tokens", std::to_string(m_heads.vocab_rows));
        row("Licence", license.empty() ? "unknown" : cell(license));
        training();
        accuracy();
        speed();
        m_text += "\n## Use\n\n```\ngorgon-cli chat"
            + (m_heads.in_full_model ? " --model " + cell(m_repository)
                                     : " --model " + (isHubName(base) ? base : std::string("BASE"))
                        + " --heads " + cell(m_repository))
            + "\n```\n";
        return std::move(m_text);
    }

private:
    void row(const std::string& name, const std::string& value)
    {
        m_text += "| " + name + " | " + value + " |\n";
    }

    std::optional<json> file(const char* name) const
    {
        std::error_code error;
        const std::filesystem::path path = m_folder / name;
        return std::filesystem::exists(path, error) ? std::optional(readJsonFile(path))
                                                    : std::nullopt;
    }

    void training()
    {
        m_text += "\n## Training\n\n";
        const std::optional<json> record = file("training.json");
        if (!record || record->empty()) {
            m_text += "Data and recipe: unknown.\n";
            return;
        }
        m_text += "| | |\n|---|---|\n";
        size_t n_rows = 0;
        const auto add = [&](const std::string& name, const json& value) {
            if (!value.is_structured() && !value.is_null() && n_rows++ < kMaxRows)
                row(cell(name), cell(value.is_string() ? value.get<std::string>() : value.dump()));
        };
        for (const auto& [name, value] : record->items()) {
            add(name, value);
            if (value.is_object())
                for (const auto& [inner, part] : value.items())
                    add(name + ": " + inner, part);
        }
    }

    /// Rows of shares from 0 to 1, one of a head.
    void accuracy()
    {
        m_text += "\n## Accuracy\n\n";
        const std::optional<json> record = file("accuracy.json");
        const auto shares = record ? record->find("accuracies") : json::const_iterator();
        if (!record || shares == record->end() || !shares->is_array() || shares->empty()) {
            m_text += "Not measured.\n";
            return;
        }
        m_text += "How often the token of a rank is the one that comes";
        if (const auto samples = numberIn(*record, "samples"))
            m_text += ", over " + number(*samples, 0) + " positions";
        m_text += ".\n\n| head |";
        std::string line = "\n|---|";
        for (size_t rank = 0; rank < kShownRanks; ++rank) {
            m_text += " rank " + std::to_string(rank) + " |";
            line += "---|";
        }
        m_text += line + "\n";
        for (size_t head = 0; head < std::min(shares->size(), kMaxShownHeads); ++head) {
            m_text += "| " + std::to_string(head) + " |";
            const json& ranks = (*shares)[head];
            for (size_t rank = 0; rank < kShownRanks; ++rank) {
                const bool is_there
                    = ranks.is_array() && rank < ranks.size() && ranks[rank].is_number();
                m_text
                    += is_there ? " " + number(100 * ranks[rank].get<double>(), 1) + " % |" : " |";
            }
            m_text += "\n";
        }
    }

    void speed()
    {
        m_text += "\n## Speed\n\n";
        const std::optional<json> record = file("bench.json");
        const auto plain = record ? numberIn(*record, "plain_tps") : std::nullopt;
        const auto medusa = record ? numberIn(*record, "medusa_tps") : std::nullopt;
        if (!plain || !medusa || *plain <= 0) {
            m_text += "Not measured.\n";
            return;
        }
        m_text += number(*medusa / *plain, 2) + " times the speed of plain decoding ("
            + number(*medusa, 1) + " against " + number(*plain, 1) + " tokens a second";
        if (const auto tokens = numberIn(*record, "tokens_per_step"))
            m_text += ", " + number(*tokens, 2) + " tokens a step";
        m_text += ")";
        if (const std::string weights = textIn(*record, "weights"); !weights.empty())
            m_text += ", weights in " + cell(weights);
        if (const auto machine = record->find("machine");
            machine != record->end() && machine->is_object())
            if (const std::string cpu = textIn(*machine, "cpu"); !cpu.empty())
                m_text += ", on " + cell(cpu);
        m_text += ".\n";
    }

    std::filesystem::path m_folder;
    std::string m_repository;
    StoredHeads m_heads;
    std::string m_text;
};

} // namespace

std::string headsCard(const std::filesystem::path& folder, const std::string& repository)
{
    return CardWriter(folder, repository).write();
}

} // namespace gorgon
