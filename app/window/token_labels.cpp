// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/token_labels.h"

namespace gorgon {

namespace {

bool continuesCharacter(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

} // namespace

QString TokenLabels::label(int token)
{
    if (token < 0 || size_t(token) >= m_labels.size())
        return {};
    QString& label = m_labels[size_t(token)];
    if (label.isNull()) {
        // A line break or a tab of its own is drawn as the key that makes it.
        const std::string bytes = m_tokenizer->bytes(token);
        label = bytes == "\n" ? QStringLiteral("\u23CE")
            : bytes == "\t"   ? QStringLiteral("\u21E5")
                              : QString::fromStdString(m_tokenizer->label(token));
    }
    return label;
}

StepViewPtr TokenLabels::view(const DecodeStep& step, qint64 message, double tokens_per_second)
{
    auto view = QSharedPointer<StepView>::create();
    view->step = step;
    view->message_id = message;
    view->tokens_per_second = tokens_per_second;
    for (const StepNode& node : step.nodes) {
        view->node_labels << label(node.token);
        view->choice_labels << label(node.choice);
    }
    for (const int token : step.tokens)
        view->emitted_labels << label(token);
    view->next_root_label = label(step.next_root);
    return view;
}

TextMarks TokenLabels::marks(const DecodeStep& step, const std::string& text) const
{
    TextMarks marks;
    std::string bytes;
    std::vector<size_t> ends;
    for (const int token : step.tokens) {
        bytes += m_tokenizer->bytes(token);
        ends.push_back(bytes.size());
    }
    // At the start of an answer a space is dropped. Where more is missing (half a character, a stop
    // text that may come) the stretches are not known, and the text counts as the model's own.
    const size_t dropped = bytes.size() - std::min(bytes.size(), text.size());
    if (dropped > 1 || bytes.compare(dropped, std::string::npos, text) != 0) {
        if (!text.empty())
            marks << TextMark{int(QString::fromStdString(text).size()), -1, step.index};
        return marks;
    }
    size_t begin = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
        size_t end = ends[i] - std::min(ends[i], dropped);
        while (end < text.size() && continuesCharacter(text[end]))
            ++end; // a character made by several tokens counts for the first
        if (end > begin)
            marks << TextMark{
                int(QString::fromUtf8(text.data() + begin, qsizetype(end - begin)).size()),
                int(i) - 1, step.index};
        begin = std::max(begin, end);
    }
    return marks;
}

} // namespace gorgon
