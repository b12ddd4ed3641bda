// SPDX-License-Identifier: GPL-3.0-or-later
// A named number with a slider, a box to type it in and a line that says what it does.
#pragma once

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QSlider;

namespace gorgon {

class ValueRow : public QWidget
{
    Q_OBJECT

public:
    struct Range
    {
        double low = 0;
        double high = 1;
        double step = 0.01;
        int decimals = 2;
    };

    ValueRow(
        const QString& name, const QString& explanation, Range range, QWidget* parent = nullptr);

    double value() const;
    int whole() const { return qRound(value()); }
    void setValue(double value); // emits nothing; outside the range: the nearest end
    void setRange(double low, double high);

    void setWords(const QString& words);
    /// Disabled, and says why; empty: enabled. The row above may have said it already: then only
    /// the tooltip.
    void setUnavailable(const QString& why, bool said_above = false);

    QSlider* slider() const { return m_slider; }
    QDoubleSpinBox* box() const { return m_box; }

signals:
    void edited(double value);

private:
    void moveSlider();
    void showWords();

    QString m_explanation;
    QString m_words;
    QString m_why;
    bool m_said_above = false;
    Range m_range;
    QLabel* m_name = nullptr;
    QSlider* m_slider = nullptr;
    QDoubleSpinBox* m_box = nullptr;
    QLabel* m_words_label = nullptr;
};

} // namespace gorgon
