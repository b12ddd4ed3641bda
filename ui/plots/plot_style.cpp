// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_style.h"

#include <qcustomplot.h>

#include "ui/theme/theme.h"

namespace gorgon {

void layOutPlot(QCustomPlot* plot)
{
    plot->setFocusPolicy(Qt::StrongFocus);
    plot->setNoAntialiasingOnDrag(false);
    plot->setMinimumHeight(150);
    plot->axisRect()->setAutoMargins(QCP::msBottom);
    plot->axisRect()->setMargins(QMargins(38, 22, 8, 0));
}

void stylePlot(QCustomPlot* plot)
{
    const Theme& t = theme();
    plot->setBackground(t.panel);
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
        axis->setBasePen(Qt::NoPen);
        axis->setTickPen(Qt::NoPen);
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelColor(t.muted);
        axis->setTickLabelFont(monoFont(Theme::kCaption));
        axis->setLabelColor(t.muted);
        axis->setLabelFont(uiFont(Theme::kCaption));
        axis->setTickLabelPadding(6);
        axis->grid()->setZeroLinePen(Qt::NoPen);
    }
    plot->xAxis->grid()->setVisible(false);
    plot->yAxis->grid()->setPen(QPen(blend(t.hairline, t.panel, t.high_contrast ? 0.5 : 0.8), 1));
}

} // namespace gorgon
