// SPDX-License-Identifier: GPL-3.0-or-later
// The look that every plot has.
#pragma once

class QCustomPlot;

namespace gorgon {

/// Margins, once.
void layOutPlot(QCustomPlot* plot);
/// Background, axes and grid in the colours of the theme.
void stylePlot(QCustomPlot* plot);

} // namespace gorgon
