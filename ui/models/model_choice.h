// SPDX-License-Identifier: GPL-3.0-or-later
// A model that a person wants to open. Plain values.
#pragma once

#include <QMetaType>
#include <QString>
#include <QVector>

namespace gorgon {

struct ModelChoice
{
    QString model; // a folder
    QString heads; // a folder or file, "none", or empty: those found with the model
    QString weights; // "q8"; empty: as stored
    qint64 context = 0; // positions; 0: that of the program's options
    qint64 used_s = 0; // since 1970, when it was opened last; the same choice at any time

    bool operator==(const ModelChoice& other) const
    {
        return model == other.model && heads == other.heads && weights == other.weights
            && context == other.context;
    }
};

/// Installed heads that fit a model.
struct HeadsOffer
{
    QString name;
    QString path;

    bool operator==(const HeadsOffer&) const = default;
};

/// What a path holds, before it is opened.
struct PathReport
{
    enum class Kind
    {
        nothing, // no model and no heads
        model,
        heads,
    };
    QString path;
    Kind kind = Kind::nothing;
    QString words; // what it is, a line or a few
    QString problem; // the first thing wrong; empty: it can be opened
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::ModelChoice)
Q_DECLARE_METATYPE(gorgon::PathReport)
