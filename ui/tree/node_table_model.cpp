// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/node_table_model.h"

#include "ui/theme/theme.h"
#include "ui/tree/step_words.h"

namespace gorgon {

void NodeTableModel::setStep(const StepView& view)
{
    if (view.step.nodes.size() == m_view.step.nodes.size()) {
        m_view = view;
        if (rowCount() > 0)
            emit dataChanged(index(0, 0), index(rowCount() - 1, column_count - 1));
        return;
    }
    beginResetModel();
    m_view = view;
    endResetModel();
}

int NodeTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_view.step.nodes.size());
}

int NodeTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : column_count;
}

QString NodeTableModel::pathText(int node) const
{
    QStringList ranks;
    for (int at = node; at > 0;) {
        const StepNode& own = m_view.step.nodes[size_t(at)];
        ranks.prepend(QString::number(own.rank));
        at = own.parent >= 0 && own.parent < at ? own.parent : 0;
    }
    return ranks.isEmpty() ? tr("root") : ranks.join(QStringLiteral("–"));
}

QString NodeTableModel::text(int node, int column) const
{
    const StepNode& own = m_view.step.nodes[size_t(node)];
    const bool root = own.depth == 0;
    switch (column) {
    case token_column:
        return labelOf(m_view, node);
    case path_column:
        return pathText(node);
    case head_column:
        return root ? QString() : tr("head %1").arg(own.depth);
    case draft_column:
        return root ? QString() : percentText(double(own.draft_prob));
    case model_column:
        return root ? QString() : percentText(double(own.posterior_prob));
    case threshold_column:
        return root || !hasThreshold(m_view.step) ? QString() : percentText(double(own.threshold));
    default:
        return verdictGlyph(own.verdict) + QLatin1Char(' ') + verdictText(own.verdict);
    }
}

QVariant NodeTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const int column = index.column();
    const bool number = column >= draft_column && column <= threshold_column;
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), column);
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole:
        return nodeSentence(m_view, index.row());
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::FontRole:
        return number || column == token_column ? QVariant(monoFont(12)) : QVariant();
    default:
        return {};
    }
}

QVariant NodeTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count)
        return {};
    const QString names[] = {tr("Token"), tr("Ranks"), tr("From"), tr("Head"), tr("Model"),
        tr("Threshold"), tr("Verdict")};
    if (role == Qt::DisplayRole)
        return names[section];
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter
            | (section >= draft_column && section <= threshold_column ? Qt::AlignRight
                                                                      : Qt::AlignLeft));
    return {};
}

} // namespace gorgon
