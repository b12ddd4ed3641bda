// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/fit_panel.h"

#include "ui/models/hub_words.h"
#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace gorgon {

namespace {

QLabel* makeNumber(const QString& text, const char* role)
{
    auto* label = new QLabel(text);
    label->setFont(monoFont(12));
    label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    setRole(label, role);
    return label;
}

QLabel* makeWords(const QString& text, const char* role)
{
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    setRole(label, role);
    return label;
}

} // namespace

FitPanel::FitPanel(QWidget* parent)
    : QWidget(parent)
    , m_context(new QComboBox)
    , m_device(new QComboBox)
    , m_weights(new QComboBox)
    , m_device_name(new QLabel(tr("On")))
    , m_lines(new QGridLayout)
{
    m_weights->setAccessibleName(tr("Format of the weights in memory"));
    m_weights->view()->setAccessibleName(tr("Formats"));
    m_context->setAccessibleName(tr("Length of the context"));
    m_context->view()->setAccessibleName(tr("Lengths"));
    m_device->setAccessibleName(tr("Device"));
    m_device->view()->setAccessibleName(tr("Devices"));
    auto* choices = new QGridLayout;
    choices->setHorizontalSpacing(Theme::kGap);
    choices->setVerticalSpacing(Theme::kInner);
    choices->setColumnStretch(1, 1);
    int row = 0;
    auto* weights_name = new QLabel(tr("Weights"));
    auto* context_name = new QLabel(tr("Context"));
    const std::pair<QLabel*, QComboBox*> rows[]
        = {{weights_name, m_weights}, {context_name, m_context}, {m_device_name, m_device}};
    for (const auto& [name, box] : rows) {
        setRole(name, "muted");
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        choices->addWidget(name, row, 0);
        choices->addWidget(box, row++, 1);
    }
    m_lines->setHorizontalSpacing(Theme::kGap);
    m_lines->setVerticalSpacing(4);
    m_lines->setColumnStretch(0, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::kGap);
    column->addLayout(choices);
    column->addLayout(m_lines);
    connect(m_context, &QComboBox::currentIndexChanged, this, [this] { showFormats(true); });
    connect(m_device, &QComboBox::currentIndexChanged, this, [this] { showFormats(false); });
    connect(m_weights, &QComboBox::currentIndexChanged, this, &FitPanel::showSum);
}

void FitPanel::setFits(const QVector<FitView>& fits, qint64 context)
{
    if (fits == m_fits)
        return;
    m_fits = fits;
    {
        const QSignalBlocker quiet(m_context);
        m_context->clear();
        for (const FitView& fit : fits)
            m_context->addItem(
                tr("%1 tokens").arg(QLocale().toString(fit.context)), QVariant(fit.context));
        m_context->setCurrentIndex(std::max(0, m_context->findData(QVariant(context))));
    }
    showPlaces();
    showFormats(false);
}

/// The device that is used by itself comes first; one that holds the pair goes before it.
void FitPanel::showPlaces()
{
    const QSignalBlocker quiet(m_device);
    m_device->clear();
    if (m_fits.isEmpty())
        return;
    const QVector<FitPlace>& places = m_fits[std::max(0, m_context->currentIndex())].places;
    int chosen = 0;
    for (int i = int(places.size()) - 1; i >= 0; --i) {
        if (places[i].best >= 0)
            chosen = i;
    }
    for (const FitPlace& each : places)
        m_device->addItem(each.device);
    m_device->setCurrentIndex(chosen);
    m_device->setVisible(places.size() > 1);
    m_device_name->setVisible(places.size() > 1);
}

const FitPlace* FitPanel::place() const
{
    const int fit = m_context->currentIndex();
    const int device = m_device->currentIndex();
    if (fit < 0 || fit >= m_fits.size() || device < 0 || device >= m_fits[fit].places.size())
        return nullptr;
    return &m_fits[fit].places[device];
}

void FitPanel::showFormats(bool keep)
{
    const QString kept = weights();
    const FitPlace* shown = place();
    {
        const QSignalBlocker quiet(m_weights);
        m_weights->clear();
        if (shown) {
            for (const FitFormat& format : shown->formats)
                m_weights->addItem(
                    tr("%1: %2, %3")
                        .arg(format.weights.isEmpty() ? tr("as stored") : format.weights,
                            sizeWords(format.bytes), format.verdict),
                    format.weights);
            m_weights->setCurrentIndex(keep ? std::max(0, m_weights->findData(kept))
                    : shown->best >= 0      ? shown->best
                                            : int(shown->formats.size()) - 1);
        }
    }
    showSum();
}

QString FitPanel::weights() const
{
    return m_weights->currentData().toString();
}

qint64 FitPanel::context() const
{
    return m_context->currentData().toLongLong();
}

QString FitPanel::sum() const
{
    const FitPlace* shown = place();
    const int format = m_weights->currentIndex();
    if (!shown || format < 0)
        return {};
    return tr("%1 of %2 free")
        .arg(sizeWords(shown->formats[format].bytes), sizeWords(shown->free_bytes));
}

void FitPanel::showSum()
{
    while (QLayoutItem* item = m_lines->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const FitPlace* shown = place();
    const int index = m_weights->currentIndex();
    if (!shown || index < 0 || index >= shown->formats.size())
        return;
    const FitFormat& format = shown->formats[index];
    int row = 0;
    for (const auto& [what, bytes] : format.lines) {
        m_lines->addWidget(makeWords(what, "muted"), row, 0);
        m_lines->addWidget(makeNumber(sizeWords(bytes), "muted"), row++, 1, Qt::AlignTop);
    }
    auto* rule = new QFrame;
    setRole(rule, "rule");
    m_lines->addWidget(rule, row++, 0, 1, 2);
    const char* role = format.tone == Badge::Tone::warning ? "warning" : "strong";
    QLabel* verdict = makeWords(tr("%1 on %2").arg(format.verdict, shown->device), role);
    verdict->setAccessibleName(tr("Memory"));
    m_lines->addWidget(verdict, row, 0);
    m_lines->addWidget(makeNumber(sum(), role), row, 1, Qt::AlignTop);
}

} // namespace gorgon
