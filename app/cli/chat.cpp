// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include "app/cli/chat_commands.h"
#include "app/cli/commands.h"
#include "app/cli/line_reader.h"
#include "app/cli/prompt_options.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    GenerationOptions generation;
    std::string style = "simple";
    std::string system;
    std::string chat_template;
    bool multiline = false;
};

/// One line, or several that end with Esc and Enter or with Ctrl-D.
LineReader::Got readMessage(LineReader& reader, bool multiline, std::string& message)
{
    constexpr char kEscape = '\x1b';
    message.clear();
    for (std::string line;;) {
        const LineReader::Got got = reader.next(line);
        if (got == LineReader::Got::end && !message.empty())
            return LineReader::Got::line;
        if (got != LineReader::Got::line)
            return got;
        const bool command = message.empty() && (line.starts_with("/") || line.starts_with("!!"));
        const bool ends = !multiline || command || line.ends_with(kEscape);
        if (line.ends_with(kEscape))
            line.pop_back();
        message += (message.empty() ? "" : "\n") + line;
        if (ends)
            return LineReader::Got::line;
    }
}

class Chat
{
public:
    Chat(const Options& options, Program& program, ChatSession& session, ChatView& view)
        : m_options(options)
        , m_program(program)
        , m_session(session)
        , m_view(view)
        , m_reader(program.interrupt)
        , m_terminal(isatty(STDIN_FILENO) == 1)
    {
    }

    int run()
    {
        int status = kDone;
        for (std::string message;;) {
            m_view.askForInput();
            const LineReader::Got got = nextMessage(message);
            if (got == LineReader::Got::end)
                break;
            if (got == LineReader::Got::interrupted) {
                if (!m_terminal)
                    return kInterruptedStatus;
                m_program.interrupt.clear();
                m_view.showNotice("\n(Ctrl-D or /exit leaves)");
                continue;
            }
            if (message.empty())
                continue;
            try {
                const ChatAction action = runChatLine(message, m_session, m_view);
                if (action.leave)
                    return status;
                if (action.ask && !answer(*action.ask))
                    return kInterruptedStatus;
            } catch (const std::runtime_error& problem) {
                m_view.showProblem(problem.what());
                if (!m_terminal)
                    status = kFailed; // a script wants to know
            }
        }
        if (m_terminal)
            print("\n");
        return status;
    }

private:
    LineReader::Got nextMessage(std::string& message)
    {
        if (m_typed.empty())
            return readMessage(m_reader, m_options.multiline, message);
        message = std::move(m_typed.front());
        m_typed.erase(m_typed.begin());
        return LineReader::Got::line;
    }

    /// False where an interrupt ends the program.
    bool answer(const std::string& question)
    {
        m_session.answer(question, m_view, m_program.interrupt.token(), [&] { readTyped(); });
        warnLimitation(m_session.backend(), m_program);
        if (!m_program.interrupt.requested())
            return true;
        m_program.interrupt.clear();
        return m_terminal;
    }

    /// On a terminal /set acts while an answer is made; other lines wait for its end.
    void readTyped()
    {
        if (!m_terminal)
            return;
        while (std::optional<std::string> line = m_reader.ready()) {
            if (!line->starts_with("/set ")) {
                m_typed.push_back(std::move(*line));
                continue;
            }
            try {
                runChatLine(*line, m_session, m_view);
            } catch (const std::runtime_error& problem) {
                m_view.showProblem(problem.what());
            }
        }
    }

    const Options& m_options;
    Program& m_program;
    ChatSession& m_session;
    ChatView& m_view;
    LineReader m_reader;
    std::vector<std::string> m_typed;
    bool m_terminal = false;
};

int run(const Options& options, Program& program)
{
    makeSettings(options.generation, options.model.seed);
    checkTreeName(options.generation.tree);
    const std::filesystem::path folder = modelFolder(options.model, program, true);
    const auto tokenizer = openTokenizer(folder, true, program);
    const auto chat_template = chooseTemplate(options.chat_template, folder, *tokenizer, program);
    if (!chat_template)
        program.note("this model has no chat template: texts follow one another as typed");
    ChatSession session(openModel(options.model, program), tokenizer, chat_template,
        options.generation, options.model.seed, options.system);
    const std::unique_ptr<ChatView> view = makeChatView(options.style, program, tokenizer);
    if (isatty(STDIN_FILENO) == 1 && options.style != "programmatic")
        program.note("/help lists the commands, Ctrl-D leaves");
    return Chat(options, program, session, *view).run();
}

} // namespace

void addChat(CLI::App& app, Program& program)
{
    std::string names;
    for (const std::string& name : builtinChatTemplateNames())
        names += " " + name;
    const auto options = std::make_shared<Options>();
    options->generation.temperature = 0.7;
    CLI::App* command
        = addCommand(app, program, "chat", "Interactive chat; /help inside lists its commands",
            "gorgon-cli chat --style rich --temperature 0.8",
            [options, &program] { return run(*options, program); });
    command
        ->add_option("--style", options->style,
            "simple, rich (accepted tokens underlined in the colour of their head) or programmatic "
            "(one JSON object "
            "a line)")
        ->check(CLI::IsMember({"simple", "rich", "programmatic"}))
        ->capture_default_str();
    command->add_flag(
        "--multiline", options->multiline, "A message ends with Esc and Enter, or Ctrl-D");
    command->add_option("--system", options->system, "System message");
    command->add_option("--template", options->chat_template,
        "A file with a template in Jinja, or one of" + names
            + " (default: the model's own, or what its name asks for)");
    addGenerationOptions(*command, options->generation);
    addModelOptions(*command, options->model);
}

} // namespace gorgon
