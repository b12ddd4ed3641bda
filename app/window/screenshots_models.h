// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the window of models, of values that stand for a hub and a cache: nothing is asked.
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace gorgon {

class MainWindow;

/// grab saves a picture of the widget under a name. False where one could not be made.
bool drawModels(
    MainWindow& window, const std::function<bool(QWidget& widget, const QString& state)>& grab);

} // namespace gorgon
