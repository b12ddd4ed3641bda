// SPDX-License-Identifier: GPL-3.0-or-later
// Where the memory goes: one bar, a stretch for each part, and its legend with sizes.
#pragma once

#include "ui/details/model_details.h"

#include <QWidget>

namespace gorgon {

class MemoryBar : public QWidget
{
    Q_OBJECT

public:
    explicit MemoryBar(QWidget* parent = nullptr);

    void setParts(const QVector<ModelDetails::Memory>& parts);

    QSize sizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int columns(int width) const;
    QColor colour(int part) const;

    QVector<ModelDetails::Memory> m_parts;
    qint64 m_total = 0;
};

} // namespace gorgon
