using System.Text.RegularExpressions;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>The curl commands of docs/protocols/http.md, as somebody would paste them.</summary>
public sealed class DocumentedCommands(RunningGateway running) : IClassFixture<RunningGateway>
{
    [FactWhen(Needs.Curl)]
    public async Task The_curl_commands_of_the_page_work()
    {
        List<string> commands = [.. Commands().Where(command => !NeedsMore(command))];
        Assert.True(commands.Count >= 4, $"{commands.Count} commands are on the page");
        foreach (string command in commands)
        {
            string line = command
                .Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal)
                .Replace("localhost:8080", $"127.0.0.1:{running.Process.Ports.Http}", StringComparison.Ordinal);
            await using ChildProcess shell = ChildProcess.Start("bash", ["-c", line]);
            int code = await shell.ExitAsync();
            Assert.True(code == 0, $"{command}\nended with {code}: {shell.Output}");
        }
    }

    /// <summary>Ids of other commands, files, and somebody who replies.</summary>
    private static bool NeedsMore(string command)
        => command.Contains("...", StringComparison.Ordinal) || command.Contains("=@", StringComparison.Ordinal) || command.Contains("/request?", StringComparison.Ordinal);

    private static IEnumerable<string> Commands()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "protocols", "http.md"));
        foreach (Match block in Regex.Matches(page, "^```\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline))
        {
            string joined = block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal);
            foreach (string line in joined.Split('\n').Where(line => line.StartsWith("curl ", StringComparison.Ordinal)))
            {
                yield return line;
            }
        }
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The solution is in no folder above the tests.");
    }
}
