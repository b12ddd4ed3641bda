// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace gorgon {

/// The wheel scrolls the pane unless the control has the focus, so that reading changes no setting.
void quietWheel(QWidget* control);

} // namespace gorgon
