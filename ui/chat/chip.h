// SPDX-License-Identifier: GPL-3.0-or-later
// A fact in a pill: device, weight format.
#pragma once

#include <QLabel>

namespace gorgon {

class Chip : public QLabel
{
    Q_OBJECT

public:
    explicit Chip(QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace gorgon
