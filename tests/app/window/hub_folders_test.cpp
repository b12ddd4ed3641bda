// SPDX-License-Identifier: GPL-3.0-or-later
// Folders and files dropped on the window of models: opened where they lie, listed, forgotten.
#include "app/window/engine_host.h"
#include "tests/app/window/hub_program.h"
#include "ui/chat/chat_header.h"
#include "ui/chat/chat_panel.h"

#include <QDragEnterEvent>
#include <QDropEvent>

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

class HubFoldersTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<ScratchFolder>();
        m_hub = std::make_unique<FakeHub>();
        useHub(*m_folder, *m_hub);
        m_model = m_folder->path() / "My m\u00f6del";
        fs::create_directories(m_model);
        for (const char* name : {"config.json", "tokenizer.model", "tokenizer_config.json",
                 "model.safetensors", "generation_config.json"})
        {
            std::error_code none;
            fs::copy_file(demo() / name, m_model / name, none);
        }
        m_heads = m_folder->path() / "heads";
        fs::create_directories(m_heads);
        fs::copy_file(
            demo() / "medusa_lm_head.safetensors", m_heads / "medusa_lm_head.safetensors");
        WindowOptions options = Program::optionsFor(*m_folder);
        options.model = demo();
        m_program = std::make_unique<Program>(*m_folder);
        m_engine = std::make_unique<EngineHost>(options, &m_program->window);
        QSignalSpy ready(m_engine.get(), &EngineHost::modelReady);
        m_engine->start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kWaitMs);
    }

    void cleanup()
    {
        m_engine.reset();
        m_program.reset();
    }

    void aDroppedFolderIsListedAndForgotten()
    {
        QVERIFY(drop({m_model}));
        QCOMPARE(header(), QStringLiteral("My m\u00f6del"));
        QVERIFY(listed(QStringLiteral("My m\u00f6del")));
        const int row = rowOf(QStringLiteral("My m\u00f6del"));
        const auto cell = [&](int column) {
            return m_program->installed()->index(row, column).data().toString();
        };
        QCOMPARE(cell(InstalledTable::kind_column), QStringLiteral("model, linked"));
        QCOMPARE(cell(InstalledTable::used_column), QStringLiteral("today"));
        QVERIFY(!cell(InstalledTable::size_column).isEmpty());
        InstalledPage* page = m_program->models()->installed();
        QVERIFY(words(page).contains(QStringLiteral("opened where it lies")));
        QVERIFY(!button(page, QStringLiteral("Verify"))->isEnabled());
        QVERIFY(press(page, QStringLiteral("Forget")));
        QTRY_VERIFY_WITH_TIMEOUT(rowOf(QStringLiteral("My m\u00f6del")) < 0, kWaitMs);
        QVERIFY(fs::exists(m_model / "model.safetensors")); // nothing of it was touched
    }

    void isStillListedByTheNextRun()
    {
        QVERIFY(drop({m_model}));
        m_program->window.close();
        m_engine.reset();
        m_program = std::make_unique<Program>(*m_folder);
        WindowOptions options = Program::optionsFor(*m_folder);
        options.model = demo();
        m_engine = std::make_unique<EngineHost>(options, &m_program->window);
        QSignalSpy ready(m_engine.get(), &EngineHost::modelReady);
        m_engine->start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, kWaitMs);
        QVERIFY(listed(QStringLiteral("My m\u00f6del")));
    }

    void oneFileStandsForItsFolder()
    {
        QVERIFY(drop({m_model / "model.safetensors"}));
        QCOMPARE(header(), QStringLiteral("My m\u00f6del"));
    }

    void severalFilesStandForTheirFolder()
    {
        QVERIFY(drop({m_model / "config.json", m_model / "model.safetensors"}));
        QCOMPARE(header(), QStringLiteral("My m\u00f6del"));
    }

    void droppedHeadsAreGivenToTheModelInUse()
    {
        QVERIFY(drop({m_model}));
        QVERIFY(m_program->window.chat()->header()->headsButton()->text().startsWith(
            QLatin1String("without heads")));
        QVERIFY(drop({m_heads / "medusa_lm_head.safetensors"}));
        QCOMPARE(header(), QStringLiteral("My m\u00f6del"));
        QVERIFY(m_program->window.chat()->header()->headsButton()->text().startsWith(
            QLatin1String("with 4 heads")));
    }

    void whatCannotBeOpenedIsSaid()
    {
        dropOnly({m_model, m_heads});
        QTRY_VERIFY_WITH_TIMEOUT(
            words(m_program->models()).contains(QStringLiteral("neither one folder")), kWaitMs);
        QVERIFY(m_program->models()->isVisible());
    }

private:
    static fs::path demo() { return fs::path(GORGON_SOURCE_DIR) / "resources" / "demo_model"; }

    void dropOnly(const std::vector<fs::path>& paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const fs::path& path : paths)
            urls << QUrl::fromLocalFile(QString::fromStdU16String(path.u16string()));
        data.setUrls(urls);
        m_program->window.openModels();
        const QPoint place(100, 100);
        QDragEnterEvent enter(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_program->models(), &enter);
        QDropEvent event(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        if (enter.isAccepted())
            QApplication::sendEvent(m_program->models(), &event);
    }

    bool drop(const std::vector<fs::path>& paths)
    {
        QSignalSpy ready(m_engine.get(), &EngineHost::modelReady);
        dropOnly(paths);
        return ready.wait(kWaitMs);
    }

    QString header()
    {
        return m_program->window.usedModels().front().model.section(QLatin1Char('/'), -1);
    }

    int rowOf(const QString& name)
    {
        for (int row = 0; row < m_program->installed()->rowCount(); ++row) {
            if (m_program->installed()->index(row, 0).data().toString() == name)
                return row;
        }
        return -1;
    }

    bool listed(const QString& name)
    {
        m_program->models()->showTab(ModelsWindow::installed_tab);
        m_program->window.openModels();
        return QTest::qWaitFor([&] { return m_program->chooseInstalled(name); }, kWaitMs);
    }

    std::unique_ptr<ScratchFolder> m_folder;
    std::unique_ptr<FakeHub> m_hub;
    std::unique_ptr<Program> m_program;
    std::unique_ptr<EngineHost> m_engine;
    fs::path m_model;
    fs::path m_heads;
};

QTEST_MAIN(HubFoldersTest)
#include "hub_folders_test.moc"
