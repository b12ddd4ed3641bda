// SPDX-License-Identifier: GPL-3.0-or-later
// What a pair takes of the memory: a choice of format, context and device, and the sum.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QComboBox;
class QGridLayout;
class QLabel;

namespace gorgon {

class FitPanel : public QWidget
{
    Q_OBJECT

public:
    explicit FitPanel(QWidget* parent = nullptr);

    /// context: the one shown first.
    void setFits(const QVector<FitView>& fits, qint64 context);
    /// Those chosen, as in ModelChoice.
    QString weights() const;
    qint64 context() const;
    QString sum() const; // "7.9 GB of 12.1 GB free"

private:
    const FitPlace* place() const;
    void showPlaces();
    void showFormats(bool keep);
    void showSum();

    QVector<FitView> m_fits;
    QComboBox* m_context;
    QComboBox* m_device;
    QComboBox* m_weights;
    QLabel* m_device_name;
    QGridLayout* m_lines;
};

} // namespace gorgon
