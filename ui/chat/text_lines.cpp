// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/text_lines.h"

#include <QPainter>
#include <QTextBoundaryFinder>

#include <algorithm>

namespace gorgon {

namespace {

// A longer paragraph is laid out in pieces, so that one line of a megabyte costs what its screenful
// costs.
constexpr int kMaxParagraph = 8192;

} // namespace

TextLines::TextLines(const QFont& font, qreal line_height)
    : m_font(font)
    , m_line_height(line_height)
{
    split(0);
}

void TextLines::setFont(const QFont& font, qreal line_height)
{
    m_font = font;
    m_line_height = line_height;
    split(0);
    layOut(0);
}

void TextLines::setText(const QString& shown)
{
    m_text = shown;
    m_paragraphs.clear();
    m_widest = 0;
    split(0);
    layOut(0);
}

void TextLines::append(const QString& shown)
{
    if (shown.isEmpty())
        return;
    const size_t last = m_paragraphs.size() - 1;
    m_text += shown;
    split(m_paragraphs[last].start);
    layOut(last);
}

void TextLines::setWidth(qreal width)
{
    if (m_width == width)
        return;
    m_width = width;
    m_widest = 0;
    layOut(0);
}

// Cuts the text from `from`, the start of a paragraph, into paragraphs.
void TextLines::split(int from)
{
    while (!m_paragraphs.empty() && m_paragraphs.back().start >= from)
        m_paragraphs.pop_back();
    for (int start = from;;) {
        qsizetype end = m_text.indexOf(u'\n', start);
        const bool last = end < 0;
        if (last)
            end = m_text.size();
        int next = int(end) + 1;
        bool cut = false;
        if (end - start > kMaxParagraph) {
            const qsizetype space = m_text.lastIndexOf(u' ', start + kMaxParagraph);
            end = next = int(space > start ? space + 1 : start + kMaxParagraph);
            if (space <= start && m_text[next].isLowSurrogate())
                end = ++next;
            cut = true;
        }
        auto layout = std::make_unique<QTextLayout>(m_text.mid(start, end - start), m_font);
        QTextOption option;
        option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
        option.setTextDirection(Qt::LayoutDirectionAuto);
        layout->setTextOption(option);
        layout->setCacheEnabled(true);
        m_paragraphs.push_back({start, 0, 0, std::move(layout)});
        if (last && !cut)
            return;
        start = next;
    }
}

void TextLines::layOut(size_t first)
{
    qreal y = first == 0 ? 0 : m_paragraphs[first - 1].y + m_paragraphs[first - 1].height;
    for (size_t i = first; i < m_paragraphs.size(); ++i) {
        Paragraph& paragraph = m_paragraphs[i];
        paragraph.y = y;
        qreal line_y = 0;
        paragraph.layout->beginLayout();
        for (QTextLine line = paragraph.layout->createLine(); line.isValid();
             line = paragraph.layout->createLine())
        {
            line.setLineWidth(m_width);
            // Fallback faces (emoji, Chinese) may be taller than the line we want.
            const qreal height = std::max(m_line_height, line.height());
            line.setPosition({0, line_y + (height - line.height()) / 2});
            line_y += height;
            m_widest = std::max(m_widest, line.naturalTextWidth());
        }
        paragraph.layout->endLayout();
        paragraph.height = std::max(line_y, m_line_height);
        y += paragraph.height;
    }
}

qreal TextLines::height() const
{
    const Paragraph& last = m_paragraphs.back();
    return last.y + last.height;
}

QRectF TextLines::endRect() const
{
    const Paragraph& last = m_paragraphs.back();
    const int count = last.layout->lineCount();
    if (count == 0)
        return {0, last.y, 0, m_line_height};
    const QTextLine line = last.layout->lineAt(count - 1);
    return {line.cursorToX(int(last.layout->text().size())), last.y + line.y(), 0, line.height()};
}

size_t TextLines::paragraphAt(int position) const
{
    const auto after = std::upper_bound(m_paragraphs.begin(), m_paragraphs.end(), position,
        [](int value, const Paragraph& paragraph) { return value < paragraph.start; });
    return size_t(std::max<std::ptrdiff_t>(0, after - m_paragraphs.begin() - 1));
}

int TextLines::positionAt(QPointF point) const
{
    if (point.y() < 0)
        return 0;
    for (const Paragraph& paragraph : m_paragraphs) {
        if (point.y() >= paragraph.y + paragraph.height)
            continue;
        const qreal y = point.y() - paragraph.y;
        for (int i = 0; i < paragraph.layout->lineCount(); ++i) {
            const QTextLine line = paragraph.layout->lineAt(i);
            const bool last = i + 1 == paragraph.layout->lineCount();
            if (last || y < line.y() + std::max(m_line_height, line.height()))
                return paragraph.start + line.xToCursor(point.x());
        }
    }
    return int(m_text.size());
}

TextSpan TextLines::wordAt(int position) const
{
    const Paragraph& paragraph = m_paragraphs[paragraphAt(position)];
    const QString text = paragraph.layout->text();
    QTextBoundaryFinder finder(QTextBoundaryFinder::Word, text);
    const int inside = std::clamp(position - paragraph.start, 0, int(text.size()));
    finder.setPosition(inside);
    int start = finder.isAtBoundary() ? inside : int(finder.toPreviousBoundary());
    finder.setPosition(inside);
    int end = int(finder.toNextBoundary());
    start = std::max(start, 0);
    end = end < 0 ? int(text.size()) : end;
    return {paragraph.start + start, paragraph.start + end};
}

void TextLines::draw(QPainter* painter, QPointF origin, const QRectF& clip, const QColor& color,
    TextSpan selection, const QColor& selection_color) const
{
    const int from = std::min(selection.start, selection.end);
    const int to = std::max(selection.start, selection.end);
    painter->setPen(color);
    for (const Paragraph& paragraph : m_paragraphs) {
        if (paragraph.y + paragraph.height < clip.top() || paragraph.y > clip.bottom())
            continue;
        QList<QTextLayout::FormatRange> ranges;
        const int length = int(paragraph.layout->text().size());
        const int begin = std::clamp(from - paragraph.start, 0, length);
        const int end = std::clamp(to - paragraph.start, 0, length);
        if (begin < end) {
            QTextLayout::FormatRange range;
            range.start = begin;
            range.length = end - begin;
            range.format.setBackground(selection_color);
            range.format.setForeground(color);
            ranges.append(range);
        }
        paragraph.layout->draw(
            painter, origin + QPointF(0, paragraph.y), ranges, clip.translated(origin));
    }
}

void TextLines::underline(QPainter* painter, QPointF origin, const QRectF& clip,
    const std::vector<Underline>& lines) const
{
    for (const Paragraph& paragraph : m_paragraphs) {
        if (paragraph.y + paragraph.height < clip.top() || paragraph.y > clip.bottom())
            continue;
        const int length = int(paragraph.layout->text().size());
        auto mark = std::lower_bound(lines.begin(), lines.end(), paragraph.start,
            [](const Underline& line, int start) { return line.end <= start; });
        for (; mark != lines.end() && mark->start < paragraph.start + length; ++mark) {
            const int from = std::max(0, mark->start - paragraph.start);
            const int to = std::min(length, mark->end - paragraph.start);
            painter->setPen(mark->pen);
            for (int i = paragraph.layout->lineForTextPosition(from).lineNumber();
                 i >= 0 && i < paragraph.layout->lineCount(); ++i)
            {
                const QTextLine line = paragraph.layout->lineAt(i);
                const int begin = std::max(from, line.textStart());
                const int end = std::min(to, line.textStart() + line.textLength());
                if (begin >= end)
                    break;
                const qreal y = origin.y() + paragraph.y + line.y() + line.ascent() + 4;
                painter->drawLine(QPointF(origin.x() + line.cursorToX(begin) + 0.5, y),
                    QPointF(origin.x() + line.cursorToX(end) - 1.5, y));
            }
        }
    }
}

} // namespace gorgon
