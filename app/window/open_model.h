// SPDX-License-Identifier: GPL-3.0-or-later
// From a choice to a model that can answer.
#pragma once

#include "app/window/window_options.h"
#include "core/decode/engine.h"
#include "core/text/chat_template.h"
#include "ui/models/model_choice.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace gorgon {

struct ModelReport;

struct OpenModel
{
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const ChatTemplate> chat_template; // the model's own; may be nullptr
    std::unique_ptr<Engine> engine;
    QStringList notes; // a sentence each, of what happened while loading
    QString device_note; // why the processor computes, where another device was looked for
    bool is_fallback = false; // that device is there, and the model does not fit it

    const Model& model() const { return engine->model(); }
};

/// Threads, context and device as the command line says. on_percent is called when the number
/// changes. Throws std::runtime_error with one sentence, LoadCancelled where `stop` was asked for.
OpenModel openModel(const ModelChoice& choice, const WindowOptions& options,
    const std::function<void(int percent)>& on_percent, const std::stop_token& stop);

/// Other heads for an open model whose weights stay as they are: as openModel with this choice.
/// Where it throws, the model has the heads it had.
void swapHeads(OpenModel& open, const ModelChoice& choice, const WindowOptions& options,
    const std::function<void(int percent)>& on_percent, const std::stop_token& stop);

/// Formats that the window offers for weights in memory, by the names of the command line.
QStringList weightFormats();

/// "llama, 7 000 million parameters, 13.5 GB in its files; 5 Medusa heads, ...".
QString reportWords(const ModelReport& report);

/// What a path holds, for the dialog and for what is dropped; never throws.
PathReport reportPath(const QString& path);

} // namespace gorgon
