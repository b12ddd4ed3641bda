// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/step_words.h"

#include <cmath>

#include <QCoreApplication>
#include <QLocale>

#include "ui/tree/head_accuracy.h"

namespace gorgon {
namespace {

struct StepWords
{
    Q_DECLARE_TR_FUNCTIONS(StepWords)
};

} // namespace

QString percentText(double share)
{
    const double percent = std::isfinite(share) ? share * 100 : 0;
    const QLocale locale;
    const QString blank(QChar(0x00A0));
    if (percent > 0 && percent < 0.05)
        return StepWords::tr("under %1 %")
            .arg(locale.toString(0.1, 'f', 1))
            .replace(QLatin1Char(' '), blank);
    const bool fine = percent < 9.95 && std::abs(percent - std::round(percent)) >= 0.05;
    return locale.toString(percent, 'f', fine ? 1 : 0) + blank + QLatin1Char('%');
}

QString millisecondsText(double us)
{
    const double ms = std::isfinite(us) ? us * 1e-3 : 0;
    return QLocale().toString(ms, 'f', ms < 10 ? 1 : 0) + QChar(0x00A0) + QStringLiteral("ms");
}

QString quoted(const QString& label)
{
    return StepWords::tr("“%1”").arg(label);
}

QString labelOf(const StepView& view, int node)
{
    if (node < 0 || node >= view.node_labels.size())
        return QString();
    return view.node_labels[node];
}

QString verdictText(Verdict verdict)
{
    switch (verdict) {
    case Verdict::accepted:
        return StepWords::tr("accepted");
    case Verdict::passed:
        return StepWords::tr("passed");
    case Verdict::rejected:
        return StepWords::tr("rejected");
    case Verdict::beyond_end:
        return StepWords::tr("beyond the end");
    case Verdict::not_reached:
        break;
    }
    return StepWords::tr("not reached");
}

QString verdictGlyph(Verdict verdict)
{
    switch (verdict) {
    case Verdict::accepted:
        return QStringLiteral("✓");
    case Verdict::passed:
    case Verdict::beyond_end:
        return QStringLiteral("○");
    case Verdict::rejected:
        return QStringLiteral("✕");
    case Verdict::not_reached:
        break;
    }
    return QStringLiteral("–");
}

QString stepTitle(const DecodeStep& step)
{
    return StepWords::tr("Step %1").arg(QLocale().toString(step.index + 1));
}

QString stepSummary(const DecodeStep& step)
{
    const int depth = draftDepth(step);
    const int emitted = int(step.tokens.size());
    const QString tokens
        = emitted == 1 ? StepWords::tr("1 token") : StepWords::tr("%1 tokens").arg(emitted);
    const QString time = millisecondsText(step.times.total_us);
    if (depth == 0)
        return StepWords::tr("plain decoding, emitted %1, %2").arg(tokens, time);
    const QString levels
        = depth == 1 ? StepWords::tr("%1 of 1 level") : StepWords::tr("%1 of %2 levels");
    const QString accepted
        = depth == 1 ? levels.arg(step.accept_length) : levels.arg(step.accept_length).arg(depth);
    return StepWords::tr("accepted %1, emitted %2, %3").arg(accepted, tokens, time);
}

bool hasThreshold(const DecodeStep& step)
{
    return step.acceptance == AcceptanceMode::typical;
}

QString modeSummary(const DecodeStep& step)
{
    const QString name = step.acceptance == AcceptanceMode::greedy ? StepWords::tr("greedy")
        : step.acceptance == AcceptanceMode::typical               ? StepWords::tr("typical")
                                                                   : StepWords::tr("exact");
    if (!hasThreshold(step))
        return name;
    float highest = 0;
    for (const StepNode& node : step.nodes)
        highest = std::max(highest, node.threshold);
    return StepWords::tr("%1, threshold %2").arg(name, QLocale().toString(double(highest), 'f', 2));
}

bool isModelsChoice(const DecodeStep& step, int node)
{
    const int n = int(step.nodes.size());
    if (node <= 0 || node >= n)
        return false;
    const StepNode& own = step.nodes[size_t(node)];
    return own.token >= 0 && own.parent >= 0 && own.parent < n
        && step.nodes[size_t(own.parent)].choice == own.token;
}

QString stepSentence(const StepView& view)
{
    const QString text = view.emitted_labels.join(QString());
    return StepWords::tr("%1: %2. Emitted %3. %4")
        .arg(stepTitle(view.step), stepSummary(view.step), quoted(text), endSentence(view));
}

} // namespace gorgon
