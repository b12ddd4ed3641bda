// SPDX-License-Identifier: GPL-3.0-or-later
// Models that were opened, as text for the store.
#pragma once

#include "ui/models/model_choice.h"

namespace gorgon {

constexpr int kMostUsedModels = 12;

QString usedModelsText(const QVector<ModelChoice>& used);
/// Damaged text is no models.
QVector<ModelChoice> readUsedModels(const QString& text);

} // namespace gorgon
