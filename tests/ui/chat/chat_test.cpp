// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_model.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/message_view.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/prompt_edit.h"
#include "ui/chat/text_lines.h"
#include "ui/chat/transcript.h"
#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QInputMethodEvent>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

using namespace gorgon;

namespace {

Message message(
    qint64 id, const char* role, const QString& text, MessageState state = MessageState::complete)
{
    Message made;
    made.id = id;
    made.role = role;
    made.text = text.toStdString();
    made.state = state;
    return made;
}

std::vector<Message> longTalk(int n_messages)
{
    std::vector<Message> talk;
    const QString words
        = QStringLiteral("The dragon saw a red kite in the tall tree and was glad. ").repeated(6);
    for (int i = 0; i < n_messages; ++i)
        talk.push_back(message(i + 1, i % 2 ? "assistant" : "user", words + QString::number(i)));
    return talk;
}

AnswerProgress portion(qint64 message, const QString& text)
{
    AnswerProgress progress;
    progress.message = message;
    progress.text = text;
    progress.marks = {{int(text.size()), -1, 0}};
    return progress;
}

ModelSummary demo()
{
    ModelSummary model;
    model.name = QStringLiteral("Gorgon Demo");
    model.n_heads = 4;
    model.device = QStringLiteral("CPU, 2 threads");
    model.weights = QStringLiteral("bf16");
    model.context = 1024;
    return model;
}

} // namespace

class ChatTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void marksHiddenAndDirectionChangingCharacters_data()
    {
        QTest::addColumn<QString>("raw");
        QTest::addColumn<QString>("shown");
        QTest::newRow("bell") << QStringLiteral("a\ab") << QStringLiteral("a\u2407b");
        QTest::newRow("escape") << QStringLiteral("\x1b[31m") << QStringLiteral("\u241B[31m");
        QTest::newRow("override") << QStringLiteral("a\u202Eb") << QStringLiteral("a\u25AFb");
        QTest::newRow("isolate") << QStringLiteral("\u2066x\u2069")
                                 << QStringLiteral("\u25AFx\u25AF");
        QTest::newRow("c1") << QStringLiteral("\u009B") << QStringLiteral("\u25AF");
        QTest::newRow("tags") << QString::fromUcs4(U"\U000E0041") << QStringLiteral("\u25AF\u25AF");
        const QString kept[] = {QStringLiteral("two\nlines\tand"), QStringLiteral("你好，世界"),
            QStringLiteral("مرحبا"), QStringLiteral("שלום"), QStringLiteral("👩\u200D🚀"),
            QString::fromUcs4(
                U"\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F")};
        for (const QString& text : kept)
            QTest::newRow(qUtf8Printable(text)) << text << text;
    }

    void marksHiddenAndDirectionChangingCharacters()
    {
        QFETCH(QString, raw);
        QFETCH(QString, shown);
        QCOMPARE(visibleText(raw), shown);
        QCOMPARE(visibleText(raw).size(), raw.size());
    }

    void writesDatesAndNumbersInWords()
    {
        const QDateTime now(QDate(2026, 11, 20), QTime(15, 30));
        QCOMPARE(relativeDate(now.addSecs(-20), now), QStringLiteral("now"));
        QCOMPARE(relativeDate(now.addSecs(-5 * 3600 - 60), now), QStringLiteral("10:29"));
        QCOMPARE(relativeDate(now.addDays(-1), now), QStringLiteral("yesterday"));
        QCOMPARE(relativeDate(now.addDays(-3), now), QStringLiteral("Tuesday"));
        QCOMPARE(relativeDate(now.addDays(-300), now), QStringLiteral("24 Jan"));
        QCOMPARE(relativeDate(now.addDays(-400), now), QStringLiteral("16 Oct 2025"));
        QCOMPARE(groupedNumber(1024), QStringLiteral("1\u202F024"));
        QCOMPARE(groupedNumber(-1234567), QStringLiteral("-1\u202F234\u202F567"));
        QCOMPARE(titleFromMessage(QStringLiteral("\n Tell me a story. \nNow")),
            QStringLiteral("Tell me a story"));
    }

    void appendingLaysOutLikeSettingAtOnce()
    {
        const QFont font = uiFont(15);
        const QString text
            = QStringLiteral("One day the dragon\n\nflew over the hills and far away.\nEnd");
        TextLines whole(font, 26);
        whole.setWidth(120);
        whole.setText(text);
        TextLines grown(font, 26);
        grown.setWidth(120);
        for (const QChar& c : text)
            grown.append(QString(c));
        QCOMPARE(grown.text(), text);
        QCOMPARE(grown.height(), whole.height());
        QCOMPARE(grown.endRect(), whole.endRect());
        QCOMPARE(grown.positionAt({0, 1e6}), int(text.size()));
    }

    void enterSendsAndShiftEnterBreaks()
    {
        PromptCard card;
        card.show();
        card.setMode(PromptCard::Mode::send);
        QSignalSpy sent(&card, &PromptCard::sent);
        QTest::keyClicks(card.edit(), QStringLiteral("a"));
        QTest::keyClick(card.edit(), Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(card.edit(), QStringLiteral("b"));
        QCOMPARE(sent.count(), 0);
        QCOMPARE(card.text(), QStringLiteral("a\nb"));
        QTest::keyClick(card.edit(), Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
        QCOMPARE(sent.first().first().toString(), QStringLiteral("a\nb"));
        QCOMPARE(card.text(), QStringLiteral("a\nb")); // until it is on disk
    }

    void enterOfAnInputMethodDoesNotSend()
    {
        PromptCard card;
        card.show();
        card.setMode(PromptCard::Mode::send);
        QSignalSpy sent(&card, &PromptCard::sent);
        QTest::keyClicks(card.edit(), QStringLiteral("x"));
        QInputMethodEvent composing(QStringLiteral("ni"), {});
        QApplication::sendEvent(card.edit(), &composing);
        QVERIFY(card.edit()->isComposing());
        QTest::keyClick(card.edit(), Qt::Key_Return);
        QCOMPARE(sent.count(), 0);
        QInputMethodEvent committing;
        committing.setCommitString(QStringLiteral("你"));
        QApplication::sendEvent(card.edit(), &committing);
        QTest::keyClick(card.edit(), Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
        QCOMPARE(sent.first().first().toString(), QStringLiteral("x你"));
    }

    void promptGrowsToItsLimitOnly()
    {
        PromptEdit edit;
        edit.setMaximumTextHeight(100);
        const int one = edit.height();
        edit.setPlainText(QStringLiteral("a\nb\nc"));
        QVERIFY(edit.height() > one);
        QVERIFY(!edit.verticalScrollBar()->isVisible());
        edit.setPlainText(QStringLiteral("你好 👩"));
        QVERIFY(edit.verticalScrollBarPolicy() == Qt::ScrollBarAlwaysOff);
        edit.setPlainText(QStringLiteral("line\n").repeated(500));
        QVERIFY(edit.height() <= 110);
    }

    void pastesTextOnly()
    {
        PromptEdit edit;
        auto* files = new QMimeData; // the clipboard owns it
        files->setUrls({QUrl::fromLocalFile(QStringLiteral("/etc/hostname"))});
        files->setText(QStringLiteral("file:///etc/hostname"));
        QGuiApplication::clipboard()->setMimeData(files);
        edit.paste();
        QCOMPARE(edit.toPlainText(), QStringLiteral("file:///etc/hostname"));
    }

    void followsOnlyWhileAtTheBottom()
    {
        Transcript transcript;
        transcript.resize(500, 400);
        transcript.show();
        transcript.setMessages(longTalk(20));
        transcript.addMessage(message(99, "assistant", {}, MessageState::generating));
        QScrollBar* bar = transcript.verticalScrollBar();
        transcript.jumpToLatest();
        const QString line = QStringLiteral("More and more words come in. ").repeated(10);
        transcript.append(portion(99, line));
        QVERIFY(transcript.follows());
        QCOMPARE(bar->value(), bar->maximum());

        bar->setValue(bar->maximum() - 300); // the reader scrolls up
        QVERIFY(!transcript.follows());
        const int place = bar->value();
        for (int i = 0; i < 20; ++i)
            transcript.append(portion(99, line));
        QCOMPARE(bar->value(), place);
        auto* jump = transcript.findChild<QPushButton*>();
        QVERIFY(jump->isVisible());
        jump->click();
        QVERIFY(transcript.follows());
        QCOMPARE(bar->value(), bar->maximum());
        QVERIFY(!jump->isVisible());
    }

    void keepsThePlaceWhileHeightsAboveBecomeKnown()
    {
        Transcript transcript;
        transcript.resize(520, 500);
        transcript.show();
        transcript.setMessages(longTalk(120));
        transcript.verticalScrollBar()->setValue(transcript.verticalScrollBar()->maximum() / 2);
        MessageView* seen = nullptr;
        for (int i = 0; i < transcript.count() && !seen; ++i) {
            if (transcript.view(i)->y() > transcript.verticalScrollBar()->value())
                seen = transcript.view(i);
        }
        QVERIFY(seen);
        const int before = seen->mapTo(&transcript, QPoint()).y();
        QTest::qWait(150);
        QCOMPARE(seen->mapTo(&transcript, QPoint()).y(), before);
    }

    void fiveHundredMessagesStayQuick()
    {
        Transcript transcript;
        transcript.resize(520, 700);
        transcript.show();
        QElapsedTimer clock;
        clock.start();
        transcript.setMessages(longTalk(500));
        const qint64 open_ms = clock.restart();
        transcript.addMessage(message(1000, "assistant", {}, MessageState::generating));
        QTest::qWait(400); // the rest is laid out
        clock.restart();
        for (int i = 0; i < 200; ++i)
            transcript.append(portion(1000, QStringLiteral(" word")));
        const double append_ms = double(clock.nsecsElapsed()) / 1e6 / 200;
        clock.restart();
        for (int i = 0; i < 50; ++i) {
            transcript.verticalScrollBar()->setValue(i * 400);
            transcript.viewport()->grab();
        }
        const double scroll_ms = double(clock.nsecsElapsed()) / 1e6 / 50;
        qInfo("500 messages: open %lld ms, append %.2f ms, scrolled frame %.2f ms", open_ms,
            append_ms, scroll_ms);
        QVERIFY(open_ms < 1000);
        QVERIFY(append_ms < 8);
        QVERIFY(scroll_ms < 50);
    }

    void copiesTheRawText()
    {
        Transcript transcript;
        transcript.resize(500, 400);
        transcript.show();
        transcript.setMessages({message(1, "user", QStringLiteral("a\u202Eb"))});
        MessageView* view = transcript.view(0);
        view->setFocus();
        QTest::keyClick(view, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("a\u202Eb"));
    }

    void aMessageIsNeverReadAsMarkup()
    {
        const QString hostile
            = QStringLiteral("<img src='file:///dev/zero'>![x](http://example.org/?q=1)<b>b</b>");
        MessageView view(message(1, "assistant", hostile));
        view.resize(500, view.layOut(500));
        view.grab();
        QCOMPARE(view.text(), hostile);
        QVERIFY(view.accessibleName().contains(hostile));
    }

    void aMarkedStretchLeadsToItsStep()
    {
        Message answer = message(5, "assistant", QStringLiteral("One day"));
        answer.settings = R"({"finish":"stop","marks":[3,-1,0,4,0,0]})";
        MessageView view(answer);
        view.setMarksShown(true);
        view.resize(500, view.layOut(500));
        view.show();
        const QImage marked = view.grab().toImage();
        view.setMarksShown(false);
        QVERIFY(view.grab().toImage() != marked);
        view.setMarksShown(true);
        QSignalSpy chosen(&view, &MessageView::stepChosen);
        QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(14, 18));
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.first().at(0).toLongLong(), 5);
        QCOMPARE(chosen.first().at(1).toInt(), 0);
    }

    void footerTellsFiguresAndState()
    {
        Message answer = message(2, "assistant", QStringLiteral("x"), MessageState::stopped);
        answer.stats = {26, 10, 38.0, 42.5};
        MessageView view(answer);
        QVERIFY(view.footer().contains(QStringLiteral("Stopped")));
        QVERIFY(view.footer().contains(QStringLiteral("612 tokens/s")));
        QVERIFY(view.footer().contains(QStringLiteral("2.6 tokens per step")));
        QVERIFY(view.footer().contains(QStringLiteral("first token 38 ms")));
    }

    void nothingTypedIsLostWhenATurnIsRefused()
    {
        ChatPanel chat;
        chat.setModel(demo());
        chat.show();
        QSignalSpy sent(&chat, &ChatPanel::sent);
        QTest::keyClicks(chat.card()->edit(), QStringLiteral("hello"));
        QTest::keyClick(chat.card()->edit(), Qt::Key_Return);
        QTest::keyClick(chat.card()->edit(), Qt::Key_Return); // impatient
        QCOMPARE(sent.count(), 1);
        chat.refuseTurn(QStringLiteral("Disk: no space is left; free some and send again."));
        QCOMPARE(chat.card()->text(), QStringLiteral("hello"));
        QVERIFY(chat.notice()->isVisible());
        QCOMPARE(chat.card()->mode(), PromptCard::Mode::send);
    }

    void aStandingNoticeComesBackUntilItIsDismissed()
    {
        NoticeBar notice;
        notice.setStanding(QStringLiteral("Nothing is kept."));
        QVERIFY(!notice.isHidden());
        int runs = 0;
        notice.showError(QStringLiteral("No model."), QStringLiteral("Open"), [&] { ++runs; });
        QCOMPARE(notice.text(), QStringLiteral("No model."));
        QVERIFY(!notice.actionButton()->isHidden());
        notice.actionButton()->click();
        QCOMPARE(runs, 1);
        QCOMPARE(notice.text(), QStringLiteral("Nothing is kept."));
        QVERIFY(notice.isError());
        QVERIFY(notice.actionButton()->isHidden());
        notice.showNotice(QStringLiteral("Worth knowing."));
        notice.dismiss();
        QCOMPARE(notice.text(), QStringLiteral("Nothing is kept."));
        notice.showError(QStringLiteral("Broken."));
        for (int i = 0; i < 2; ++i) {
            QVERIFY(!notice.isHidden());
            for (QToolButton* button : notice.findChildren<QToolButton*>()) {
                if (button != notice.actionButton())
                    button->click();
            }
        }
        QVERIFY(notice.isHidden());
    }

    void aDraftStaysWithItsConversation()
    {
        ChatPanel chat;
        chat.setModel(demo());
        Conversation one;
        one.summary.id = 1;
        one.messages = longTalk(2);
        QTest::keyClicks(chat.card()->edit(), QStringLiteral("new one"));
        chat.showConversation(one, QStringLiteral("stored"));
        QCOMPARE(chat.card()->text(), QStringLiteral("stored"));
        QTest::keyClicks(chat.card()->edit(), QStringLiteral(" more"));
        chat.startNew();
        QCOMPARE(chat.card()->text(), QStringLiteral("new one"));
        chat.showConversation(one, {});
        QCOMPARE(chat.card()->text(), QStringLiteral("stored more"));
    }

    void anEditReplacesWhatFollows()
    {
        ChatPanel chat;
        chat.setModel(demo());
        Conversation talk;
        talk.summary.id = 7;
        talk.messages = longTalk(4);
        chat.showConversation(talk, QStringLiteral("draft"));
        QSignalSpy edited(&chat, &ChatPanel::edited);
        emit chat.transcript()->editRequested(3, QStringLiteral("old"));
        QVERIFY(chat.card()->isEditing());
        chat.card()->setText(QStringLiteral("better"));
        emit chat.card()->sent(QStringLiteral("better"));
        QCOMPARE(edited.count(), 1);
        QCOMPARE(edited.first().at(1).toLongLong(), 3);
        chat.beginTurn(7, false, 3,
            {message(11, "user", QStringLiteral("better")),
                message(12, "assistant", {}, MessageState::generating)});
        QCOMPARE(chat.transcript()->count(), 4);
        QCOMPARE(chat.transcript()->view(2)->text(), QStringLiteral("better"));
        QCOMPARE(chat.card()->text(), QStringLiteral("draft"));
        QVERIFY(!chat.card()->isEditing());
    }

    void listFiltersRenamesAndAsksToDelete()
    {
        ConversationPanel panel;
        QAbstractItemModelTester tester(panel.list()->model());
        panel.resize(240, 600);
        panel.show();
        panel.setConversations(
            {{1, "A dragon and a kite", 1000, false}, {2, "Count to twenty", 500, false}});
        QCOMPARE(panel.list()->model()->rowCount(), 2);
        panel.search()->setText(QStringLiteral("DRAG"));
        QCOMPARE(panel.list()->model()->rowCount(), 1);
        panel.search()->clear();
        QSignalSpy opened(&panel, &ConversationPanel::opened);
        QSignalSpy renamed(&panel, &ConversationPanel::renamed);
        QSignalSpy removed(&panel, &ConversationPanel::removeRequested);
        panel.list()->setCurrentIndex(panel.list()->model()->index(1, 0));
        QTest::keyClick(panel.list(), Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened.first().first().toLongLong(), 2);
        panel.list()->model()->setData(panel.list()->currentIndex(), QStringLiteral("Numbers"));
        QCOMPARE(renamed.first().at(1).toString(), QStringLiteral("Numbers"));
        QTest::keyClick(panel.list(), Qt::Key_Delete);
        QCOMPARE(removed.first().first().toLongLong(), 2);
    }
};

QTEST_MAIN(ChatTest)
#include "chat_test.moc"
