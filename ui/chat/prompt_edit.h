// SPDX-License-Identifier: GPL-3.0-or-later
// Where a message is written: Enter sends, Shift+Enter breaks the line, an input method is never
// cut short.
#pragma once

#include <QPlainTextEdit>

namespace gorgon {

class PromptEdit : public QPlainTextEdit
{
    Q_OBJECT

public:
    explicit PromptEdit(QWidget* parent = nullptr);

    bool isComposing() const { return m_composing; } // an input method holds uncommitted text
    void setMaximumTextHeight(int height);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void sendRequested();
    void cancelRequested(); // Escape

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void fit();

    bool m_composing = false;
    int m_maximum_height = 240;
    int m_height = 0;
};

} // namespace gorgon
