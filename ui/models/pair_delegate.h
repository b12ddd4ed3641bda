// SPDX-License-Identifier: GPL-3.0-or-later
// A row of Discover: the name, then facts in pills.
#pragma once

#include <QStyledItemDelegate>

namespace gorgon {

class PairDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
        const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace gorgon
