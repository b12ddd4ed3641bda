// SPDX-License-Identifier: GPL-3.0-or-later
// What steps of growing trees cost on this machine and what they are expected to make. Plain
// values.
#pragma once

#include <QMetaType>
#include <QVector>

namespace gorgon {

/// By nodes, from 1 on: the best tree of so many. Empty: not measured.
struct CostView
{
    QVector<double> step_us; // a whole step, heads included
    QVector<double> tokens; // expected of it

    /// Nodes of the tree that makes most tokens per time; 1: plain decoding; 0: not measured.
    int best() const
    {
        int best = 0;
        for (int i = 0; i < step_us.size(); i++)
            if (best == 0 || tokens[i] * step_us[best - 1] > tokens[best - 1] * step_us[i])
                best = i + 1;
        return best;
    }
    /// Against plain decoding. nodes: 1 to step_us.size().
    double speedUp(int nodes) const
    {
        return tokens[nodes - 1] * step_us.first() / step_us[nodes - 1];
    }
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::CostView)
