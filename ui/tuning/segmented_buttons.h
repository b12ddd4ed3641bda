// SPDX-License-Identifier: GPL-3.0-or-later
// A few choices side by side, of which one holds. Arrow keys go from one to the next.
#pragma once

#include <QWidget>

class QButtonGroup;

namespace gorgon {

class SegmentedButtons : public QWidget
{
    Q_OBJECT

public:
    struct Choice
    {
        QString text;
        QString explanation;
    };

    SegmentedButtons(const QString& name, const QList<Choice>& choices, QWidget* parent = nullptr);

    int current() const;
    void setCurrent(int index); // emits nothing
    void setUnavailable(const QString& why);

signals:
    void chosen(int index);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QButtonGroup* m_group = nullptr;
    QList<Choice> m_choices;
};

} // namespace gorgon
