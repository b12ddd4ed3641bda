// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/store_worker.h"

#include "ui/chat/visible_text.h"

#include <QDir>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace gorgon {

namespace {

constexpr const char* kLayoutKey = "window/layout";
constexpr const char* kModelsKey = "models/used";

std::string draftKey(qint64 conversation)
{
    return "draft/" + std::to_string(conversation);
}

std::string settingsKey(const QString& model)
{
    return "settings/" + model.toStdString();
}

int64_t nowMs()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// Empty: it can be written. A file of another owner or of a newer version is open for reading
/// only.
std::string writeProblem(ConversationStore& store)
{
    try {
        store.setValue(kLayoutKey, store.value(kLayoutKey));
        return {};
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

std::string sentence(const std::string& text)
{
    return text.ends_with('.') ? text : text + '.';
}

/// As far as there are any that can be read.
void copyConversations(const std::filesystem::path& from, const std::filesystem::path& to)
{
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const char* ending : {"", "-wal"}) {
        fs::path source = from;
        fs::path target = to;
        source += ending;
        target += ending;
        if (fs::copy_file(source, target, ignored))
            fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write, ignored);
    }
}

Message makeMessage(const std::string& role, const std::string& text, MessageState state)
{
    Message message;
    message.role = role;
    message.text = text;
    message.state = state;
    message.created_ms = nowMs();
    return message;
}

} // namespace

StoreWorker::StoreWorker(std::filesystem::path file)
    : m_file(std::move(file))
{
}

template <typename Deed> void StoreWorker::attempt(Deed&& deed)
{
    try {
        deed();
    } catch (const std::exception& error) {
        emit failed(QString::fromUtf8(error.what()));
    }
}

ConversationStore& StoreWorker::store()
{
    if (!m_store)
        throw std::runtime_error(m_problem);
    return *m_store;
}

void StoreWorker::open()
{
    QString layout;
    QString draft;
    attempt([&] {
        openFile();
        list();
        layout = QString::fromStdString(m_store->value(kLayoutKey));
        draft = QString::fromStdString(m_store->value(draftKey(0)));
    });
    emit opened(layout, draft);
    if (m_store)
        attempt([&] { emit usedModelsRead(QString::fromStdString(store().value(kModelsKey))); });
}

void StoreWorker::openFile()
{
    std::string problem;
    try {
        m_store = std::make_unique<ConversationStore>(m_file);
        problem = writeProblem(*m_store);
        if (problem.empty() && !m_store->notice().empty())
            emit failed(QString::fromStdString(m_store->notice()));
    } catch (const std::exception& error) {
        problem = error.what();
    }
    if (!problem.empty())
        openPrivately(problem);
}

/// The chat goes on in a folder of this run; what could be read of the file is in it.
void StoreWorker::openPrivately(const std::string& cause)
{
    const std::string not_kept = sentence("Conversations are not being kept: " + cause);
    m_problem = not_kept;
    m_store.reset();
    m_private = std::make_unique<QTemporaryDir>(); // mode 0700
    try {
        if (!m_private->isValid())
            throw std::runtime_error(
                (QDir::tempPath() + ": " + m_private->errorString()).toStdString());
        const std::filesystem::path file
            = std::filesystem::path(m_private->path().toStdU16String()) / m_file.filename();
        copyConversations(m_file, file);
        m_store = std::make_unique<ConversationStore>(file);
        if (!writeProblem(*m_store).empty()) { // a newer Gorgon's
            m_store.reset();
            m_store = std::make_unique<ConversationStore>(
                std::filesystem::path(file).replace_filename("new.sqlite"));
        }
    } catch (const std::exception& error) {
        m_problem += sentence(" A folder for this time could not be made either: "
                         + std::string(error.what()))
            + " Set TMPDIR or --data-dir to a folder that can be written, and start Gorgon again.";
        throw std::runtime_error(m_problem);
    }
    emit notKept(QString::fromStdString(not_kept));
}

void StoreWorker::close()
{
    m_store.reset();
    m_private.reset();
}

void StoreWorker::list()
{
    const std::vector<ConversationSummary> all = store().list();
    emit listed(ConversationList(all.begin(), all.end()));
}

void StoreWorker::openConversation(qint64 conversation)
{
    attempt([&] {
        const Conversation read = store().load(conversation);
        emit conversationRead(read, QString::fromStdString(store().value(draftKey(conversation))));
    });
}

void StoreWorker::beginTurn(const TurnRequest& request)
{
    try {
        const Turn turn = storeTurn(request);
        emit turnBegan(turn);
        attempt([&] { list(); });
    } catch (const std::exception& error) {
        emit turnRefused(QString::fromUtf8(error.what()));
    }
}

// The message is on disk before an answer to it is begun.
Turn StoreWorker::storeTurn(const TurnRequest& request)
{
    Turn turn;
    turn.is_new = request.conversation == 0;
    turn.conversation = turn.is_new ? store().create(titleFromMessage(request.text).toStdString())
                                    : request.conversation;
    turn.history = store().load(turn.conversation).messages;
    if (request.kind != TurnRequest::Kind::send) {
        const auto place = std::find_if(turn.history.begin(), turn.history.end(),
            [&](const Message& message) { return message.id == request.message; });
        if (place == turn.history.end())
            throw std::runtime_error(
                "Conversation: the message to change is no longer there; open the "
                "conversation again.");
        store().truncateFrom(turn.conversation, request.message);
        turn.truncated_from = request.message;
        turn.history.erase(place, turn.history.end());
    }
    if (request.kind != TurnRequest::Kind::regenerate) {
        Message user = makeMessage("user", request.text.toStdString(), MessageState::complete);
        user.id = store().append(turn.conversation, user);
        turn.history.push_back(user);
        turn.added.push_back(user);
    }
    turn.answer = makeMessage("assistant", "", MessageState::generating);
    turn.answer.id = store().append(turn.conversation, turn.answer);
    turn.added.push_back(turn.answer);
    return turn;
}

void StoreWorker::savePartial(qint64, const Message& answer)
{
    attempt([&] { store().update(answer, false); });
}

void StoreWorker::saveAnswer(qint64, const Message& answer)
{
    attempt([&] {
        store().update(answer, true);
        list();
    });
}

void StoreWorker::rename(qint64 conversation, const QString& title)
{
    attempt([&] {
        store().rename(conversation, title.toStdString());
        list();
    });
}

void StoreWorker::remove(qint64 conversation, const QString& title)
{
    attempt([&] {
        store().remove(conversation);
        list();
        emit removed(conversation, title);
    });
}

void StoreWorker::restore(qint64 conversation)
{
    attempt([&] {
        store().restore(conversation);
        list();
        openConversation(conversation);
    });
}

void StoreWorker::saveDraft(qint64 conversation, const QString& text)
{
    attempt([&] { store().setValue(draftKey(conversation), text.toStdString()); });
}

void StoreWorker::saveLayout(const QString& text)
{
    attempt([&] { store().setValue(kLayoutKey, text.toStdString()); });
}

void StoreWorker::readSettings(const QString& model)
{
    attempt([&] { emit settingsRead(QString::fromStdString(store().value(settingsKey(model)))); });
}

void StoreWorker::saveSettings(const QString& model, const QString& text)
{
    attempt([&] { store().setValue(settingsKey(model), text.toStdString()); });
}

void StoreWorker::saveUsedModels(const QString& text)
{
    attempt([&] { store().setValue(kModelsKey, text.toStdString()); });
}

} // namespace gorgon
