// SPDX-License-Identifier: GPL-3.0-or-later
// Plain text laid out in lines: the body of a message. Appending lays out the last paragraph only.
#pragma once

#include <QColor>
#include <QFont>
#include <QPen>
#include <QRectF>
#include <QString>
#include <QTextLayout>

#include <memory>
#include <vector>

class QPainter;

namespace gorgon {

/// A stretch of text; start > end while a selection is dragged backwards.
struct TextSpan
{
    int start = 0;
    int end = 0;
    bool isEmpty() const { return start == end; }
};

/// A line below a stretch of text.
struct Underline
{
    int start = 0;
    int end = 0;
    QPen pen;
};

class TextLines
{
public:
    TextLines(const QFont& font, qreal line_height);

    void setFont(const QFont& font, qreal line_height);
    void setText(const QString& shown);
    void append(const QString& shown);
    void setWidth(qreal width);

    const QString& text() const { return m_text; }
    qreal height() const;
    qreal widestLine() const { return m_widest; }
    QRectF endRect() const; // where the next character would stand

    int positionAt(QPointF point) const;
    TextSpan wordAt(int position) const;
    /// Draws what `clip` (in the text's own coordinates) touches.
    void draw(QPainter* painter, QPointF origin, const QRectF& clip, const QColor& color,
        TextSpan selection, const QColor& selection_color) const;
    /// Underlines in ascending order.
    void underline(QPainter* painter, QPointF origin, const QRectF& clip,
        const std::vector<Underline>& lines) const;

private:
    struct Paragraph
    {
        int start = 0;
        qreal y = 0;
        qreal height = 0;
        std::unique_ptr<QTextLayout> layout;
    };
    void split(int from);
    void layOut(size_t first);
    size_t paragraphAt(int position) const;

    QFont m_font;
    qreal m_line_height;
    qreal m_width = 400;
    qreal m_widest = 0;
    QString m_text;
    std::vector<Paragraph> m_paragraphs;
};

} // namespace gorgon
