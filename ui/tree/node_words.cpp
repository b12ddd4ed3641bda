// SPDX-License-Identifier: GPL-3.0-or-later
#include <vector>

#include <QCoreApplication>
#include <QLocale>

#include "ui/tree/head_accuracy.h"
#include "ui/tree/step_words.h"

namespace gorgon {
namespace {

struct StepWords
{
    Q_DECLARE_TR_FUNCTIONS(StepWords)
};

const StepNode* nodeAt(const DecodeStep& step, int node)
{
    return node >= 0 && node < int(step.nodes.size()) ? &step.nodes[size_t(node)] : nullptr;
}

QString choiceLabel(const StepView& view, int node)
{
    return node >= 0 && node < view.choice_labels.size() ? view.choice_labels[node] : QString();
}

/// "“␣who” (71 %)": what the model put after `node`.
QString choiceWords(const StepView& view, int node)
{
    const StepNode* parent = nodeAt(view.step, node);
    if (!parent)
        return QString();
    return StepWords::tr("%1 (%2)").arg(
        quoted(choiceLabel(view, node)), percentText(parent->choice_prob));
}

/// Two shares that round to the same percentage while one is larger get more digits.
std::pair<QString, QString> percentPair(double a, double b)
{
    QString left = percentText(a);
    QString right = percentText(b);
    for (int digits = 1; left == right && a != b && digits <= 4; ++digits) {
        left = QLocale().toString(a * 100, 'f', digits) + QChar(0x00A0) + QLatin1Char('%');
        right = QLocale().toString(b * 100, 'f', digits) + QChar(0x00A0) + QLatin1Char('%');
    }
    return {left, right};
}

/// The deepest level that passed at `node` or below it. Parents come before children.
int deepestPassed(const DecodeStep& step, int node)
{
    std::vector<bool> below(step.nodes.size(), false);
    below[size_t(node)] = true;
    int depth = step.nodes[size_t(node)].depth;
    for (size_t i = size_t(node) + 1; i < step.nodes.size(); ++i) {
        const StepNode& own = step.nodes[i];
        below[i] = own.parent >= 0 && own.parent < int(i) && below[size_t(own.parent)]
            && (own.verdict == Verdict::passed || own.verdict == Verdict::accepted);
        if (below[i])
            depth = std::max(depth, own.depth);
    }
    return depth;
}

int rejectedAncestor(const DecodeStep& step, int node)
{
    int at = step.nodes[size_t(node)].parent;
    while (const StepNode* own = nodeAt(step, at)) {
        if (own->verdict == Verdict::rejected)
            return at;
        at = own->parent < at ? own->parent : -1;
    }
    return -1;
}

QString thresholdWords(const StepNode& node)
{
    const auto [model, threshold] = percentPair(node.posterior_prob, node.threshold);
    const QString text = node.verdict == Verdict::rejected
        ? StepWords::tr("The model gives it %1, not above the threshold of %2")
        : StepWords::tr("The model gives it %1, above the threshold of %2");
    return text.arg(model, threshold);
}

/// Why the model admits the node or does not; no verdict yet.
QString reasonWords(const StepView& view, int index)
{
    const StepNode& node = view.step.nodes[size_t(index)];
    if (hasThreshold(view.step))
        return thresholdWords(node);
    const bool greedy = view.step.acceptance == AcceptanceMode::greedy;
    const QString model = percentText(node.posterior_prob);
    if (node.verdict != Verdict::rejected) {
        const QString text = greedy ? StepWords::tr("It is the model's own choice here (%1)")
                                    : StepWords::tr("It is the model's draw here (%1)");
        return text.arg(model);
    }
    const QString text = greedy
        ? StepWords::tr("The model gives it %1; the model's own choice here was %2")
        : StepWords::tr("The model gives it %1; the model's draw here was %2");
    return text.arg(model, choiceWords(view, node.parent));
}

} // namespace

QString nodeSentence(const StepView& view, int index)
{
    const StepNode* node = nodeAt(view.step, index);
    if (!node)
        return QString();
    const QString label = quoted(labelOf(view, index));
    if (node->depth == 0)
        return StepWords::tr(
            "%1 was certain before this step began: it is what the model itself put last.")
            .arg(label);
    const QString head = QLocale().toString(node->depth);
    if (node->token < 0)
        return StepWords::tr("Head %1 had nothing to propose here.").arg(head);
    const QString draft
        = StepWords::tr("Head %1 gave %2 %3.").arg(head, label, percentText(node->draft_prob));
    if (node->verdict == Verdict::not_reached) {
        const int ancestor = rejectedAncestor(view.step, index);
        if (ancestor < 0)
            return StepWords::tr("%1 It was never reached.").arg(draft);
        return StepWords::tr("%1 It was never reached, because %2 before it was rejected.")
            .arg(draft, quoted(labelOf(view, ancestor)));
    }
    const QString reason = reasonWords(view, index);
    if (node->verdict == Verdict::accepted)
        return StepWords::tr("%1 %2: accepted.").arg(draft, reason);
    if (node->verdict == Verdict::beyond_end)
        return StepWords::tr("%1 %2: it would be accepted, but the answer ended before it.")
            .arg(draft, reason);
    if (node->verdict == Verdict::passed) {
        const bool tie = deepestPassed(view.step, index) >= view.step.accept_length;
        const QString text = tie
            ? StepWords::tr("%1 %2: passed, but an equally long path was more likely.")
            : StepWords::tr("%1 %2: passed, but another path was longer.");
        return text.arg(draft, reason);
    }
    if (!hasThreshold(view.step))
        return StepWords::tr("%1 %2: rejected.").arg(draft, reason);
    return StepWords::tr("%1 %2: rejected. The model's own choice here was %3.")
        .arg(draft, reason, choiceWords(view, node->parent));
}

QString endSentence(const StepView& view)
{
    const DecodeStep& step = view.step;
    const int last = step.path.empty() ? 0 : step.path.back();
    const QString next = choiceWords(view, last);
    if (!nodeAt(step, last))
        return QString();
    if (step.next_root < 0)
        return StepWords::tr("The answer ends with %1.").arg(quoted(labelOf(view, last)));
    if (draftDepth(step) == 0)
        return StepWords::tr("The model continues with %1.").arg(next);
    int n_children = 0;
    for (const StepNode& node : step.nodes)
        n_children += node.parent == last && node.depth > 0;
    if (n_children == 0)
        return StepWords::tr("The path ends at a leaf of the tree; the model continues with %1.")
            .arg(next);
    return StepWords::tr("No guess after %1 was accepted; the model continues with %2.")
        .arg(quoted(labelOf(view, last)), next);
}

} // namespace gorgon
