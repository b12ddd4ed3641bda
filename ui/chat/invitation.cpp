// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/invitation.h"

#include "ui/theme/theme.h"

#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace gorgon {

Invitation::Invitation(QWidget* parent)
    : QWidget(parent)
    , m_title(new QLabel)
    , m_words(new QLabel)
    , m_progress(new QProgressBar)
    , m_examples(new QWidget)
    , m_models(new QPushButton(tr("Get a model for this computer")))
{
    m_title->setFont(uiFont(20, QFont::DemiBold));
    m_title->setAlignment(Qt::AlignHCenter);
    m_words->setAlignment(Qt::AlignHCenter);
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::PlainText);
    setRole(m_words, "muted");
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(240, 4);
    m_progress->setAccessibleName(tr("Loading the model"));

    const QStringList prompts{tr("Tell me a story about a dragon and a kite."),
        tr("Count to twenty."), tr("Name the days of the week."), tr("What is a Medusa head?")};
    auto* grid = new QGridLayout(m_examples);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(Theme::kInner);
    for (int i = 0; i < prompts.size(); ++i) {
        auto* button = new QPushButton(prompts[i]);
        button->setAccessibleName(tr("Ask: %1").arg(prompts[i]));
        button->setMinimumHeight(36);
        connect(button, &QPushButton::clicked, this,
            [this, prompt = prompts[i]] { emit exampleChosen(prompt); });
        grid->addWidget(button, i, 0);
    }
    m_examples->setMaximumWidth(360);
    m_examples->setMinimumWidth(260);

    m_models->setToolTip(tr("Models with heads that this computer can run (Ctrl+Shift+O)"));
    connect(m_models, &QPushButton::clicked, this, &Invitation::modelsRequested);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kInner, Theme::kEdge, Theme::kInner, Theme::kEdge);
    column->setSpacing(Theme::kInner);
    column->addStretch(2);
    column->addWidget(m_title);
    column->addWidget(m_words);
    column->addSpacing(Theme::kGap);
    column->addWidget(m_progress, 0, Qt::AlignHCenter);
    column->addWidget(m_examples, 0, Qt::AlignHCenter);
    column->addWidget(m_models, 0, Qt::AlignHCenter);
    column->addStretch(3);
    setState({}, {});
}

void Invitation::setState(const ModelSummary& model, const EngineStatus& status)
{
    using Phase = EngineStatus::Phase;
    const bool loading = status.phase == Phase::loading;
    m_progress->setVisible(loading);
    m_progress->setRange(0, 100);
    m_progress->setValue(status.done);
    m_examples->setVisible(model.isLoaded());
    m_models->setVisible(!loading && (!model.isLoaded() || model.is_demo));
    if (loading) {
        m_title->setText(tr("Loading the model"));
        m_words->setText(tr("You can write your message meanwhile."));
    } else if (!model.isLoaded()) {
        m_title->setText(tr("No model is loaded"));
        m_words->setText(tr("Open one with Ctrl+O, or drop its folder on this window."));
    } else {
        m_title->setText(tr("Ask %1 something").arg(model.name));
        m_words->setText(model.n_heads == 0 ? tr("Plain decoding: these weights have no heads.")
                : model.n_heads == 1
                ? tr("Watch at the right how its head drafts the text.")
                : tr("Watch at the right how its %1 heads draft the text.").arg(model.n_heads));
    }
}

} // namespace gorgon
