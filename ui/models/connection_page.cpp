// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/connection_page.h"

#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

namespace gorgon {

namespace {

constexpr int kMostFiles = 16;
constexpr int kWordsWidth = 480;
constexpr int kNumberWidth = 160;
constexpr int kMostMegabytes = 10'000;

QLabel* makeWords()
{
    auto* label = new QLabel;
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setFocusPolicy(Qt::NoFocus);
    label->setMinimumWidth(kWordsWidth); // else it asks for the height of a narrow one
    setRole(label, "caption");
    return label;
}

} // namespace

ConnectionPage::ConnectionPage(QWidget* parent)
    : QWidget(parent)
    , m_endpoint(new QLineEdit)
    , m_trust(new QCheckBox(tr("The token may be sent to this mirror")))
    , m_proxy(new QComboBox)
    , m_own_proxy(new QLineEdit)
    , m_proxy_words(makeWords())
    , m_token(new QLineEdit)
    , m_keep(new QPushButton(tr("Keep")))
    , m_forget(new QPushButton(tr("Forget")))
    , m_token_words(makeWords())
    , m_limit(new QSpinBox)
    , m_files(new QSpinBox)
    , m_test(new QPushButton(tr("Test")))
    , m_test_words(makeWords())
{
    m_endpoint->setAccessibleName(tr("Address of the hub or of a mirror"));
    m_endpoint->setPlaceholderText(QStringLiteral("https://huggingface.co"));
    for (QLineEdit* line : {m_endpoint, m_own_proxy, m_token})
        line->setTextMargins(8, 2, 4, 2);
    m_trust->setToolTip(tr("<qt>Without this a token goes to the hub itself only.</qt>"));
    m_proxy->setAccessibleName(tr("Proxy"));
    m_proxy->view()->setAccessibleName(tr("Proxies"));
    m_proxy->addItems({tr("that of the environment or the system"), tr("none"), tr("this one:")});
    m_own_proxy->setAccessibleName(tr("Address of the proxy"));
    m_own_proxy->setPlaceholderText(QStringLiteral("http://proxy.example:3128"));
    m_token->setAccessibleName(tr("Token of the hub"));
    m_token->setEchoMode(QLineEdit::Password);
    m_limit->setAccessibleName(tr("Limit of all downloads together"));
    m_limit->setRange(0, kMostMegabytes);
    m_limit->setSuffix(tr(" MB/s"));
    m_limit->setSpecialValueText(tr("no limit"));
    m_files->setAccessibleName(tr("Files at once"));
    m_files->setRange(1, kMostFiles);
    for (QSpinBox* box : {m_limit, m_files})
        box->setFixedWidth(kNumberWidth);
    for (QPushButton* button : {m_keep, m_forget, m_test})
        button->setAutoDefault(false);
    auto* token = new QHBoxLayout;
    token->setSpacing(Theme::kInner);
    token->addWidget(m_token, 1);
    token->addWidget(m_keep);
    token->addWidget(m_forget);
    auto* test = new QHBoxLayout;
    test->setSpacing(Theme::kGap);
    test->addWidget(m_test, 0, Qt::AlignTop);
    test->addWidget(m_test_words, 1);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(Theme::kEdge);
    form->setVerticalSpacing(Theme::kInner);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->addRow(tr("Hub"), m_endpoint);
    form->addRow(QString(), m_trust);
    form->addRow(tr("Proxy"), m_proxy);
    form->addRow(QString(), m_own_proxy);
    form->addRow(QString(), m_proxy_words);
    form->addRow(tr("Token"), token);
    form->addRow(QString(), m_token_words);
    form->addRow(tr("Bandwidth"), m_limit);
    form->addRow(tr("Files at once"), m_files);
    form->addRow(QString(), test);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kEdge, Theme::kEdge, Theme::kEdge);
    column->addLayout(form);
    column->addStretch(1);
    connect(m_endpoint, &QLineEdit::editingFinished, this, &ConnectionPage::endpointEdited);
    connect(m_own_proxy, &QLineEdit::editingFinished, this, &ConnectionPage::edited);
    connect(m_trust, &QCheckBox::toggled, this, &ConnectionPage::edited);
    connect(m_proxy, &QComboBox::currentIndexChanged, this, &ConnectionPage::edited);
    for (QSpinBox* box : {m_limit, m_files}) {
        box->setKeyboardTracking(false);
        connect(box, &QSpinBox::valueChanged, this, &ConnectionPage::edited);
    }
    connect(m_token, &QLineEdit::returnPressed, this, &ConnectionPage::enterToken);
    connect(m_keep, &QPushButton::clicked, this, &ConnectionPage::enterToken);
    connect(m_forget, &QPushButton::clicked, this, [this] { emit tokenEntered({}); });
    connect(m_test, &QPushButton::clicked, this, [this] {
        showTest(tr("Asking the hub…"), true);
        m_test->setEnabled(false);
        emit testRequested();
    });
    setFocusProxy(m_endpoint);
    setPreferences({});
    setTokenPlace(false, {});
}

HubPreferences ConnectionPage::preferences() const
{
    HubPreferences values;
    values.endpoint = m_endpoint->text().trimmed();
    values.token_to_mirror = m_trust->isChecked();
    values.proxy = HubPreferences::Proxy(m_proxy->currentIndex());
    values.own_proxy = m_own_proxy->text().trimmed();
    values.megabytes_per_second = m_limit->value();
    values.n_files = m_files->value();
    return values;
}

void ConnectionPage::setPreferences(const HubPreferences& values)
{
    m_filling = true;
    m_endpoint->setText(values.endpoint);
    m_trusted = values.endpoint;
    m_trust->setChecked(values.token_to_mirror);
    m_proxy->setCurrentIndex(int(values.proxy));
    m_own_proxy->setText(values.own_proxy);
    m_limit->setValue(values.megabytes_per_second);
    m_files->setValue(values.n_files);
    m_filling = false;
    m_own_proxy->setVisible(values.proxy == HubPreferences::Proxy::own);
}

void ConnectionPage::endpointEdited()
{
    const QString endpoint = m_endpoint->text().trimmed();
    if (endpoint != m_trusted) { // trust in one address is none in another
        const QSignalBlocker quiet(m_trust);
        m_trust->setChecked(false);
    }
    m_trusted = endpoint;
    edited();
}

void ConnectionPage::edited()
{
    m_own_proxy->setVisible(m_proxy->currentIndex() == int(HubPreferences::Proxy::own));
    if (!m_filling)
        emit preferencesChanged(preferences());
}

void ConnectionPage::enterToken()
{
    const QString token = m_token->text().trimmed();
    if (token.isEmpty())
        return;
    m_token->clear();
    emit tokenEntered(token);
}

void ConnectionPage::setTokenPlace(bool has_token, const QString& where)
{
    m_token->setPlaceholderText(
        has_token ? QString(12, QChar(0x2022)) : tr("None: only open models are found"));
    m_token_words->setText(has_token
            ? tr("Kept in %1, which the hub's other tools read, too.").arg(where)
            : tr("For gated and private models. It will be kept in %1, readable by you alone.")
                  .arg(where));
    m_forget->setEnabled(has_token);
}

void ConnectionPage::setProxyPlace(const QString& words)
{
    m_proxy_words->setText(words);
    m_proxy_words->setVisible(!words.isEmpty());
}

void ConnectionPage::showTest(const QString& sentence, bool works)
{
    m_test->setEnabled(true);
    setRole(m_test_words, works ? "muted" : "warning");
    m_test_words->setText(sentence);
}

void ConnectionPage::focusToken()
{
    m_token->setFocus(Qt::ShortcutFocusReason);
}

} // namespace gorgon
