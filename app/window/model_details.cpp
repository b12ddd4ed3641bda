// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/model_details.h"

#include "ui/chat/visible_text.h"

#include <QLocale>
#include <QObject>

namespace gorgon {

namespace {

using Section = ModelDetails::Section;

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

QString pathText(const std::filesystem::path& path)
{
    return QString::fromStdU16String(path.u16string());
}

QString millions(uint64_t n)
{
    return QObject::tr("%1 million")
        .arg(QLocale().toString(double(n) / 1e6, 'f', n < 100'000'000 ? 2 : 0));
}

QString number(int64_t n)
{
    return groupedNumber(n);
}

Section modelSection(const Model& model)
{
    const ModelConfig& c = model.config;
    const LoadReport& report = model.report;
    QStringList stored;
    for (const auto& [name, n] : report.stored_types)
        stored << QStringLiteral("%1 (%2)").arg(text(name), millions(n));
    Section section{QObject::tr("Model"), {}};
    section.rows = {
        {QObject::tr("Architecture"), text(report.architecture)},
        {QObject::tr("Parameters"), millions(report.n_parameters)},
        {QObject::tr("Layers"), number(c.n_layers)},
        {QObject::tr("Width"),
            QObject::tr("%1, feed-forward %2").arg(number(c.dim), number(c.ff_dim))},
        {QObject::tr("Attention"),
            QObject::tr("%1 query heads, %2 key and value heads of %3")
                .arg(number(c.n_heads), number(c.n_kv_heads), number(c.head_dim))},
        {QObject::tr("Vocabulary"),
            c.tied_embeddings ? QObject::tr("%1, embeddings tied").arg(number(c.vocab_size))
                              : number(c.vocab_size)},
        {QObject::tr("Positions"), text(report.rope)},
        {QObject::tr("Sliding window"), text(report.window)},
        {QObject::tr("Context"),
            QObject::tr("%1 of %2 tokens").arg(number(model.context), number(c.max_context))},
        {QObject::tr("Stored as"), stored.join(QStringLiteral(", "))},
        {QObject::tr("In memory as"), text(report.memory_type)},
        {QObject::tr("Keys and values as"), text(dtypeName(model.cache_dtype))},
    };
    return section;
}

Section headsSection(const Model& model)
{
    Section section{QObject::tr("Medusa heads"), {}};
    if (model.heads.empty()) {
        section.rows = {{QObject::tr("Heads"), QObject::tr("none: plain decoding")}};
        return section;
    }
    const MedusaHead& first = model.heads.front();
    section.rows = {
        {QObject::tr("Heads"), number(int64_t(model.heads.size()))},
        {QObject::tr("Format"),
            model.report.head_format.empty() ? QObject::tr("none, made at random")
                                             : text(model.report.head_format)},
        {QObject::tr("Blocks per head"), number(int64_t(first.blocks.size()))},
        {QObject::tr("Vocabulary matrix"),
            first.vocab ? QObject::tr("their own") : QObject::tr("the base model's")},
        {QObject::tr("Parameters"), millions(model.report.n_head_parameters)},
        {QObject::tr("In memory as"), text(model.report.head_memory_type)},
        {QObject::tr("From"), pathText(model.heads_path)},
    };
    return section;
}

Section textSection(const OpenModel& open)
{
    const Tokenizer& tokenizer = *open.tokenizer;
    const auto special = [&](int id) {
        return id < 0 ? QObject::tr("none")
                      : QStringLiteral("%1 (%2)").arg(text(tokenizer.label(id))).arg(id);
    };
    return {QObject::tr("Text"),
        {{QObject::tr("Tokenizer"), QObject::tr("%1 tokens").arg(number(tokenizer.vocabSize()))},
            {QObject::tr("Begins with"), special(tokenizer.bosToken())},
            {QObject::tr("Ends with"), special(tokenizer.eosToken())},
            {QObject::tr("Chat template"),
                open.chat_template ? QStringLiteral("%1, %2").arg(
                    text(open.chat_template->name()), text(open.chat_template->source()))
                                   : QObject::tr("none")}}};
}

Section machineSection(const Model& model, const ModelSummary& summary)
{
    return {QObject::tr("Machine"),
        {{QObject::tr("Device"), summary.device}, {QObject::tr("Processor"), summary.device_note},
            {QObject::tr("Memory in all"), QLocale().formattedDataSize(summary.memory_bytes)},
            {QObject::tr("Read per token"),
                QLocale().formattedDataSize(qint64(model.weight_bytes))}}};
}

Section filesSection(const Model& model)
{
    Section section{QObject::tr("Files"), {}};
    QStringList names;
    for (const std::filesystem::path& file : model.report.files)
        names << text(file.filename().string());
    section.rows = {{QObject::tr("Folder"), pathText(model.path)},
        {QObject::tr("Read"), names.join(QStringLiteral(", "))}};
    if (!model.checkpoint_hash.empty())
        section.rows.append({QObject::tr("Hash"), text(model.checkpoint_hash)});
    if (!model.heads_hash.empty())
        section.rows.append({QObject::tr("Hash of the heads"), text(model.heads_hash)});
    return section;
}

} // namespace

ModelDetails modelDetails(const OpenModel& open, const ModelSummary& summary)
{
    const Model& model = open.model();
    ModelDetails details;
    details.sections = {modelSection(model), headsSection(model), textSection(open),
        machineSection(model, summary), filesSection(model)};
    for (const LoadReport::Part& part : model.report.parts)
        details.memory.append({text(part.name), qint64(part.bytes)});
    details.memory.append({QObject::tr("workspace"), qint64(open.engine->workspaceBytes())});
    details.memory.append({QObject::tr("cache of a chat"), qint64(kvCacheBytes(model))});
    details.warnings = open.notes;
    for (const std::string& warning : model.report.warnings)
        details.warnings << text(warning);
    const int64_t n_readable = model.vocabMatrix().n_out;
    if (open.tokenizer->vocabSize() > n_readable)
        details.warnings << QObject::tr(
            "The tokenizer has %1 tokens, the model reads the first %2 of them: a message that "
            "holds another one is refused.")
                                .arg(number(open.tokenizer->vocabSize()), number(n_readable));
    return details;
}

} // namespace gorgon
