using System.CommandLine;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary><c>completion bash|zsh|pwsh</c>: prints what makes a shell complete the words of this program.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = """
            # eval "$(pbmq completion bash)"
            _pbmq() {
              local IFS=$'\n'
              local word="${COMP_WORDS[COMP_CWORD]}"
              COMPREPLY=($(compgen -W "$(pbmq "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
            }
            complete -o default -F _pbmq pbmq
            """,
        ["zsh"] = """
            # eval "$(pbmq completion zsh)"
            _pbmq() {
              local -a found
              found=("${(@f)$(pbmq "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
              compadd -- "${found[@]}"
            }
            compdef _pbmq pbmq
            """,
        ["pwsh"] = """
            # pbmq completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName pbmq -ScriptBlock {
              param($wordToComplete, $commandAst, $cursorPosition)
              pbmq "[suggest:$cursorPosition]" "$commandAst" 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    public static Command Describe(TextWriter output)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or pwsh" };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "print what makes a shell complete these commands") { shell };
        command.SetAction(async (parsed, _) =>
        {
            await output.WriteLineAsync(Scripts[parsed.GetValue(shell)!].ReplaceLineEndings("\n"));
            return ExitCode.Done;
        });
        return command;
    }
}
