// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_dialog.h"

#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QTimer>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kTypingMs = 250;
constexpr int kWidth = 620;
constexpr int kUsedRows = 4;
enum HeadsKind
{
    found_with_model,
    at_path,
    no_heads
};

QString lastPart(const QString& path)
{
    return QDir(path).dirName();
}

QLabel* makeWords()
{
    auto* words = new QLabel;
    words->setWordWrap(true);
    words->setTextFormat(Qt::PlainText);
    words->setTextInteractionFlags(Qt::TextSelectableByMouse);
    setRole(words, "caption");
    return words;
}

} // namespace

ModelDialog::ModelDialog(const ModelChoice& current, const QVector<ModelChoice>& used,
    const QStringList& weights, QWidget* parent)
    : QDialog(parent)
    , m_used(new QListWidget)
    , m_model(new QLineEdit)
    , m_heads_kind(new QComboBox)
    , m_heads(new QLineEdit)
    , m_browse_heads(new QPushButton(tr("Browse…")))
    , m_weights(new QComboBox)
    , m_model_words(makeWords())
    , m_heads_words(makeWords())
    , m_timer(new QTimer(this))
{
    setWindowTitle(tr("Open a model"));
    auto* browse_model = new QPushButton(tr("Browse…"));
    m_model->setAccessibleName(tr("Model folder"));
    m_model->setPlaceholderText(tr("A folder with config.json and weights"));
    m_heads_kind->setAccessibleName(tr("Heads"));
    m_heads_kind->view()->setAccessibleName(tr("Where the heads are"));
    m_weights->view()->setAccessibleName(tr("Formats"));
    m_heads_kind->addItems({tr("those found with the model"), tr("a folder or file"), tr("none")});
    m_heads->setAccessibleName(tr("Path of the heads"));
    m_heads->setPlaceholderText(tr("A folder or file with Medusa heads"));
    m_weights->setAccessibleName(tr("Format of the weights in memory"));
    m_weights->setToolTip(tr("<qt>8-bit and 4-bit take a half and a quarter of the memory and are "
                             "faster; answers differ a little.</qt>"));
    m_weights->addItem(tr("as stored"), QString());
    for (const QString& format : weights)
        m_weights->addItem(format, format);
    m_used->setAccessibleName(tr("Models used before"));
    for (const ModelChoice& choice : used) {
        auto* item = new QListWidgetItem(lastPart(choice.model), m_used);
        item->setToolTip(choice.model);
        item->setData(Qt::UserRole, QVariant::fromValue(choice));
    }
    m_used->setFixedHeight(std::clamp<int>(int(used.size()), 1, kUsedRows) * 28 + 4);

    auto* used_label = new QLabel(tr("Used before"));
    setRole(used_label, "strong");
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(Theme::kGap);
    grid->setVerticalSpacing(Theme::kInner);
    grid->setColumnStretch(1, 1);
    grid->addWidget(new QLabel(tr("Model")), 0, 0);
    grid->addWidget(m_model, 0, 1);
    grid->addWidget(browse_model, 0, 2);
    grid->addWidget(m_model_words, 1, 1, 1, 2);
    grid->addWidget(new QLabel(tr("Heads")), 2, 0);
    grid->addWidget(m_heads_kind, 2, 1, 1, 2);
    grid->addWidget(m_heads, 3, 1);
    grid->addWidget(m_browse_heads, 3, 2);
    grid->addWidget(m_heads_words, 4, 1, 1, 2);
    grid->addWidget(new QLabel(tr("Weights")), 5, 0);
    grid->addWidget(m_weights, 5, 1, 1, 2);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_open = buttons->addButton(tr("Open"), QDialogButtonBox::AcceptRole);
    setRole(m_open, "primary");
    QPushButton* find = buttons->addButton(tr("Find models…"), QDialogButtonBox::ActionRole);
    find->setToolTip(tr("Installed models, and those of the hub (Ctrl+Shift+O)"));
    find->setAutoDefault(false);
    connect(find, &QPushButton::clicked, this, [this] {
        reject();
        emit modelsRequested();
    });
    // Else Enter in a line would press the first button of the dialog.
    browse_model->setAutoDefault(false);
    m_browse_heads->setAutoDefault(false);
    m_open->setDefault(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kEdge, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    if (used.isEmpty()) {
        m_used->setParent(this);
        m_used->hide();
        delete used_label;
    } else {
        column->addWidget(used_label);
        column->addWidget(m_used);
    }
    column->addLayout(grid);
    column->addStretch(1);
    column->addWidget(buttons);
    resize(kWidth, sizeHint().height());

    m_timer->setSingleShot(true);
    m_timer->setInterval(kTypingMs);
    connect(m_timer, &QTimer::timeout, this, [this] {
        if (!m_model->text().isEmpty())
            emit inspectRequested(m_model->text());
        if (m_heads_kind->currentIndex() == at_path && !m_heads->text().isEmpty())
            emit inspectRequested(m_heads->text());
    });
    connect(m_model, &QLineEdit::textChanged, this, &ModelDialog::edited);
    connect(m_heads, &QLineEdit::textChanged, this, &ModelDialog::edited);
    connect(m_heads_kind, &QComboBox::currentIndexChanged, this, &ModelDialog::edited);
    connect(
        browse_model, &QPushButton::clicked, this, [this] { browse(m_model, tr("Model folder")); });
    connect(m_browse_heads, &QPushButton::clicked, this,
        [this] { browse(m_heads, tr("Folder with heads")); });
    connect(m_used, &QListWidget::itemActivated, this, [this] { accept(); });
    connect(m_used, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
        if (item)
            showChoice(item->data(Qt::UserRole).value<ModelChoice>());
    });
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(this, &QDialog::accepted, this, [this] { emit chosen(choice()); });
    showChoice(current);
    m_model->setFocus();
}

ModelChoice ModelDialog::choice() const
{
    const int kind = m_heads_kind->currentIndex();
    return {m_model->text().trimmed(),
        kind == no_heads      ? QStringLiteral("none")
            : kind == at_path ? m_heads->text().trimmed()
                              : QString(),
        m_weights->currentData().toString()};
}

void ModelDialog::showChoice(const ModelChoice& choice)
{
    m_model->setText(choice.model);
    const bool none = choice.heads == QLatin1String("none");
    m_heads_kind->setCurrentIndex(none ? no_heads
            : choice.heads.isEmpty()   ? found_with_model
                                       : at_path);
    m_heads->setText(none ? QString() : choice.heads);
    m_weights->setCurrentIndex(std::max(0, m_weights->findData(choice.weights)));
    edited();
}

void ModelDialog::browse(QLineEdit* edit, const QString& title)
{
    const QString folder = QFileDialog::getExistingDirectory(this, title, edit->text());
    if (!folder.isEmpty())
        edit->setText(folder);
}

void ModelDialog::edited()
{
    const bool path = m_heads_kind->currentIndex() == at_path;
    m_heads->setVisible(path);
    m_browse_heads->setVisible(path);
    m_heads_words->setVisible(path);
    m_open->setEnabled(
        !m_model->text().trimmed().isEmpty() && (!path || !m_heads->text().trimmed().isEmpty()));
    m_timer->start();
}

void ModelDialog::showReport(const PathReport& report)
{
    const bool of_heads = report.path == m_heads->text() && report.path != m_model->text();
    if (!of_heads && report.path != m_model->text())
        return; // another path has been typed since
    QLabel* words = of_heads ? m_heads_words : m_model_words;
    const bool wrong = !report.problem.isEmpty();
    setRole(words, wrong ? "warning" : "caption");
    words->setText(wrong ? report.problem : report.words);
}

} // namespace gorgon
