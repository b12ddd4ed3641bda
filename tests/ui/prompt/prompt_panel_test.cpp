// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/prompt/prompt_panel.h"
#include "ui/prompt/prompt_text.h"
#include "ui/theme/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

using namespace gorgon;

namespace {

using Origin = PromptToken::Origin;

PromptView shortPrompt()
{
    PromptView view;
    view.conversation = 1;
    view.tokens = {{1, "<s>", Origin::control}, {4, "<|user|>", Origin::control},
        {70, "\n", Origin::chat_template}, {1303, "Hello", Origin::message},
        {12, "<0xE2>", Origin::message}, {6, "<|end|>", Origin::control}};
    return view;
}

} // namespace

class PromptPanelTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void init()
    {
        m_panel = std::make_unique<PromptPanel>();
        m_panel->resize(500, 500);
        m_panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    }

    void showsEveryTokenAndCountsThem()
    {
        m_panel->setPrompt(shortPrompt());
        QCOMPARE(m_panel->text()->toPlainText(),
            QStringLiteral("<s><|user|>\u23CE\nHello<0xE2><|end|>"));
        QCOMPARE(m_panel->summary(),
            QStringLiteral("6 tokens: 3 control, 1 of the template, 2 of messages."));
    }

    void aControlTokenLooksUnlikeTheSameTextTyped()
    {
        PromptView view;
        view.tokens = {{6, "<|end|>", Origin::control}, {7, "<|end|>", Origin::message}};
        m_panel->setPrompt(view);
        QTextCursor cursor(m_panel->text()->document());
        cursor.setPosition(2);
        const QTextCharFormat control = cursor.charFormat();
        cursor.setPosition(10);
        QVERIFY(control.background() != cursor.charFormat().background());
        QVERIFY(control.foreground() != cursor.charFormat().foreground());
    }

    void saysWhichTokenIsUnderTheMouse()
    {
        m_panel->setPrompt(shortPrompt());
        QVERIFY(m_panel->text()->describe(1).contains(QStringLiteral("Token 1 of 6: id 1")));
        QVERIFY(m_panel->text()->describe(14).contains(QStringLiteral("id 1303, “Hello”")));
        m_panel->setPrompt({});
        QVERIFY(m_panel->text()->describe(0).isEmpty());
    }

    void saysWhyThereIsNoPrompt()
    {
        QVERIFY(m_panel->summary().startsWith(QStringLiteral("Nothing has been sent yet")));
        PromptView view;
        view.problem = QStringLiteral("chat template: conversation roles must alternate.");
        m_panel->setPrompt(view);
        QCOMPARE(m_panel->summary(), view.problem);
        QVERIFY(!m_panel->text()->isVisible());
    }

    void fillsAHiddenPanelWhenItIsShown()
    {
        m_panel->hide();
        m_panel->setPrompt(shortPrompt());
        QVERIFY(m_panel->text()->toPlainText().isEmpty());
        m_panel->show();
        QVERIFY(!m_panel->text()->toPlainText().isEmpty());
    }

    void aTemplateIsChosenByName()
    {
        TemplateChoice choice;
        choice.has_own = true;
        choice.names = QStringList{"vicuna_v1.1", "chatml"};
        choice.current = QStringLiteral("chatml");
        m_panel->setTemplates(choice);
        auto* combo = m_panel->findChild<QComboBox*>();
        QCOMPARE(combo->currentText(), QStringLiteral("chatml"));
        QSignalSpy chosen(m_panel.get(), &PromptPanel::templateChosen);
        emit combo->activated(1);
        emit combo->activated(0);
        QCOMPARE(chosen.at(0).at(0).toString(), QStringLiteral("vicuna_v1.1"));
        QVERIFY(chosen.at(1).at(0).toString().isEmpty());
    }

    void aLongPromptIsShownAtOnce()
    {
        PromptView view;
        for (int i = 0; i < 16384; ++i)
            view.tokens.append({i, QStringLiteral("word%1 ").arg(i), Origin::message});
        QElapsedTimer clock;
        clock.start();
        m_panel->setPrompt(view);
        qInfo("16,384 tokens in %lld ms", static_cast<long long>(clock.elapsed()));
        QVERIFY(m_panel->text()->toPlainText().startsWith(QStringLiteral("word0 word1 ")));
    }

private:
    std::unique_ptr<PromptPanel> m_panel;
};

QTEST_MAIN(PromptPanelTest)
#include "prompt_panel_test.moc"
