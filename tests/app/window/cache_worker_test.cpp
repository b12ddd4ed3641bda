// SPDX-License-Identifier: GPL-3.0-or-later
// The disk's thread of the models window, without a window.
#include "app/window/cache_worker.h"
#include "core/hub/hub_cache.h"
#include "tests/support/scratch_folder.h"

#include <QTest>

using namespace gorgon;
namespace fs = std::filesystem;

class CacheWorkerTest : public QObject
{
    Q_OBJECT

private slots:
    void oneOddFolderHidesNoOther()
    {
        const tests::ScratchFolder scratch;
        const std::string commit(40, '1');
        scratch.write("hub/models--org--name/snapshots/" + commit + "/a.txt", "text");
        scratch.write(std::string("hub/models--org--unfinished/") + kDownloadsFile,
            R"([{"revision": "main"}])");
        fs::create_directory_symlink(scratch.path(), scratch.path() / "hub" / "models--a--link");
        fs::create_directories(scratch.path() / "hub" / "models--b--blobs");
        fs::create_directory_symlink(
            scratch.path(), scratch.path() / "hub" / "models--b--blobs" / "blobs");

        CacheWorker worker(scratch.path() / "hub.json");
        QVector<InstalledEntry> entries;
        std::vector<DownloadRequest> unfinished;
        QString failure;
        connect(&worker, &CacheWorker::listed, this, [&](const auto& listed) { entries = listed; });
        connect(&worker, &CacheWorker::unfinishedListed, this,
            [&](const auto& listed) { unfinished = listed; });
        connect(&worker, &CacheWorker::failed, this,
            [&](const HubFailure& failed) { failure = failed.sentence; });
        worker.list(scratch.path() / "hub");
        QCOMPARE(failure, QString());
        QCOMPARE(entries.size(), 4);
        for (const InstalledEntry& entry : entries) {
            const bool is_odd = entry.repository == QLatin1String("a/link")
                || entry.repository == QLatin1String("b/blobs");
            QVERIFY(entry.problem.contains(QLatin1String("a link or something else")) == is_odd);
            if (entry.repository == QLatin1String("org/name"))
                QCOMPARE(entry.freed_bytes, 4);
        }
        QCOMPARE(unfinished.size(), size_t(1));
        QCOMPARE(unfinished[0].repository, std::string("org/unfinished"));
    }

    void whatWasChosenIsForItsOwnerAlone()
    {
        const tests::ScratchFolder scratch;
        const fs::path file = scratch.path() / "data" / "hub.json";
        CacheWorker worker(file);
        const auto only_owner = [&] {
            return fs::status(file).permissions()
                == (fs::perms::owner_read | fs::perms::owner_write);
        };
        HubPreferences preferences;
        preferences.proxy = HubPreferences::Proxy::own;
        preferences.own_proxy = QStringLiteral("http://me:secret@proxy.example:3128");
        worker.keepPreferences(preferences);
        QVERIFY(only_owner());
        // One that an earlier version left for all to read.
        for (const bool by_writing : {true, false}) {
            fs::permissions(file,
                fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read
                    | fs::perms::others_read);
            if (by_writing)
                worker.keepPreferences(preferences);
            else
                worker.readSettings();
            QVERIFY(only_owner());
        }
        HubPreferences read;
        connect(&worker, &CacheWorker::settingsRead, this,
            [&](const HubPreferences& settings) { read = settings; });
        worker.readSettings();
        QCOMPARE(read.own_proxy, preferences.own_proxy);
    }
};

QTEST_GUILESS_MAIN(CacheWorkerTest)
#include "cache_worker_test.moc"
