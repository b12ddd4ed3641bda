// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_dialog.h"
#include "ui/theme/theme.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace gorgon;

namespace {

const ModelChoice kCurrent{"/models/demo", "", ""};
const ModelChoice kOther{"/models/vicuna", "/models/heads", "q8"};

} // namespace

class ModelDialogTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { applyTheme(*qApp, ThemeMode::light, ContrastMode::normal); }

    void init()
    {
        m_dialog = std::make_unique<ModelDialog>(
            kCurrent, QVector<ModelChoice>{kCurrent, kOther}, QStringList{"bf16", "q8"});
        m_dialog->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_dialog.get()));
    }

    void beginsWithTheModelInUse() { QCOMPARE(m_dialog->choice(), kCurrent); }

    void takesAModelUsedBefore()
    {
        m_dialog->findChild<QListWidget*>()->setCurrentRow(1);
        QCOMPARE(m_dialog->choice(), kOther);
        QSignalSpy chosen(m_dialog.get(), &ModelDialog::chosen);
        m_dialog->accept();
        QCOMPARE(chosen.at(0).at(0).value<ModelChoice>(), kOther);
    }

    void opensByEnterFromALine()
    {
        for (const QPushButton* button : m_dialog->findChildren<QPushButton*>())
            QVERIFY2(button->isDefault() || !button->autoDefault()
                    || button->text() == QStringLiteral("Cancel"),
                qPrintable(button->text()));
        QSignalSpy chosen(m_dialog.get(), &ModelDialog::chosen);
        m_dialog->showReport(
            {m_dialog->choice().model, PathReport::Kind::model, "Llama, 7 million", ""});
        QTest::keyClick(named<QLineEdit>("Model folder"), Qt::Key_Return);
        QCOMPARE(chosen.count(), 1);
    }

    void asksWhatAPathHoldsWhenTypingPauses()
    {
        QSignalSpy asked(m_dialog.get(), &ModelDialog::inspectRequested);
        QLineEdit* edit = named<QLineEdit>("Model folder");
        edit->clear();
        QTest::keyClicks(edit, QStringLiteral("/a/b"));
        QTRY_COMPARE(asked.count(), 1);
        QCOMPARE(asked.at(0).at(0).toString(), QStringLiteral("/a/b"));
        m_dialog->showReport({"/a", PathReport::Kind::model, "of an older path", ""});
        QVERIFY(!words().contains(QStringLiteral("older")));
        m_dialog->showReport({"/a/b", PathReport::Kind::model, "Llama, 7 million", ""});
        QVERIFY(words().contains(QStringLiteral("Llama, 7 million")));
        m_dialog->showReport({"/a/b", PathReport::Kind::nothing, "", "Nothing is there."});
        QVERIFY(words().contains(QStringLiteral("Nothing is there.")));
    }

    void nothingIsOpenedWithoutAPath()
    {
        named<QLineEdit>("Model folder")->clear();
        QVERIFY(!open()->isEnabled());
        named<QLineEdit>("Model folder")->setText(QStringLiteral("/m"));
        QVERIFY(open()->isEnabled());
        named<QComboBox>("Heads")->setCurrentIndex(1); // a path, not typed yet
        QVERIFY(!open()->isEnabled());
        named<QComboBox>("Heads")->setCurrentIndex(2);
        QVERIFY(open()->isEnabled());
        QCOMPARE(m_dialog->choice().heads, QStringLiteral("none"));
    }

private:
    template <typename T> T* named(const char* name)
    {
        for (T* widget : m_dialog->findChildren<T*>())
            if (widget->accessibleName() == QLatin1String(name))
                return widget;
        return nullptr;
    }
    QPushButton* open()
    {
        for (QPushButton* button : m_dialog->findChildren<QPushButton*>())
            if (button->text() == QLatin1String("Open"))
                return button;
        return nullptr;
    }
    QString words()
    {
        QString all;
        for (const QLabel* label : m_dialog->findChildren<QLabel*>())
            all += label->text() + QLatin1Char('\n');
        return all;
    }

    std::unique_ptr<ModelDialog> m_dialog;
};

QTEST_MAIN(ModelDialogTest)
#include "model_dialog_test.moc"
