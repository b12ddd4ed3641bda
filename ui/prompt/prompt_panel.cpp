// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/prompt/prompt_panel.h"

#include "ui/prompt/prompt_text.h"
#include "ui/theme/theme.h"
#include "ui/tuning/quiet_wheel.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>

#include <algorithm>

namespace gorgon {

PromptPanel::PromptPanel(QWidget* parent)
    : QWidget(parent)
    , m_template(new QComboBox)
    , m_source(new QLabel)
    , m_summary(new QLabel)
    , m_borders(new QCheckBox(tr("Show where tokens begin")))
    , m_text(new PromptText)
{
    auto* name = new QLabel(tr("Template"));
    name->setBuddy(m_template);
    m_template->setAccessibleName(tr("Chat template"));
    m_template->view()->setAccessibleName(tr("Chat templates"));
    m_template->setToolTip(tr("<qt>Writes the messages as the model was taught to read them: who "
                              "speaks, where a turn ends. A wrong one makes answers worse.</qt>"));
    m_template->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    quietWheel(m_template);
    m_source->setWordWrap(true);
    setRole(m_source, "caption");
    m_summary->setWordWrap(true);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    grid->setHorizontalSpacing(Theme::kGap);
    grid->setVerticalSpacing(Theme::kInner);
    grid->addWidget(name, 0, 0);
    grid->addWidget(m_template, 0, 1);
    grid->addWidget(m_source, 1, 0, 1, 2);
    grid->addWidget(m_summary, 2, 0, 1, 2);
    grid->addWidget(m_text, 3, 0, 1, 2);
    grid->addWidget(m_borders, 4, 0, 1, 2);
    grid->setColumnStretch(1, 1);
    grid->setRowStretch(3, 1);
    connect(m_borders, &QCheckBox::toggled, m_text, &PromptText::setBordersShown);
    connect(m_template, &QComboBox::activated, this,
        [this](int index) { emit templateChosen(m_template->itemData(index).toString()); });
    setTemplates({});
    showPrompt();
}

void PromptPanel::setTemplates(const TemplateChoice& templates)
{
    const QSignalBlocker quiet(m_template);
    m_template->clear();
    m_template->addItem(
        templates.has_own ? tr("the model's own") : tr("none: messages as typed"), QString());
    for (const QString& name : templates.names)
        m_template->addItem(name, name);
    m_template->setCurrentIndex(std::max(0, m_template->findData(templates.current)));
    m_source->setText(templates.source);
    m_source->setVisible(!templates.source.isEmpty());
}

void PromptPanel::setPrompt(const PromptView& prompt)
{
    m_prompt = prompt;
    m_shown = false;
    if (isVisible())
        showPrompt();
}

void PromptPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (!m_shown)
        showPrompt();
}

QString PromptPanel::summary() const
{
    if (!m_prompt.problem.isEmpty())
        return m_prompt.problem;
    if (m_prompt.tokens.isEmpty())
        return tr("Nothing has been sent yet. What the model sees is shown here, token by token.");
    const auto count = [&](PromptToken::Origin origin) {
        return QLocale().toString(
            qlonglong(std::count_if(m_prompt.tokens.begin(), m_prompt.tokens.end(),
                [&](const PromptToken& token) { return token.origin == origin; })));
    };
    QString words
        = tr("%1 tokens: %2 control, %3 of the template, %4 of messages.")
              .arg(QLocale().toString(qlonglong(m_prompt.tokens.size())),
                  count(PromptToken::Origin::control), count(PromptToken::Origin::chat_template),
                  count(PromptToken::Origin::message));
    if (m_prompt.n_left_out > 0)
        words += QLatin1Char(' ')
            + tr("The oldest %n message(s) no longer fit and are left out.", nullptr,
                m_prompt.n_left_out);
    return words;
}

void PromptPanel::showPrompt()
{
    m_shown = true;
    m_summary->setText(summary());
    setRole(m_summary, m_prompt.problem.isEmpty() ? "muted" : "warning");
    m_text->setTokens(m_prompt.tokens);
    m_text->setVisible(!m_prompt.tokens.isEmpty());
    m_borders->setVisible(!m_prompt.tokens.isEmpty());
}

} // namespace gorgon
