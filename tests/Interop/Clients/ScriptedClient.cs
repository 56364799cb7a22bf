using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>
/// One of the scripts in <c>clients/</c> that drive a library of another language: it takes one JSON argument and
/// prints one JSON object a line, each with an <c>event</c>.
/// </summary>
internal sealed class ScriptedClient : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private ScriptedClient(ChildProcess process) => _process = process;

    /// <summary>What it wrote.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a Node.js script.</summary>
    public static ScriptedClient Node(string script, object argument) => Start("node", script, argument);

    /// <summary>Starts a Python script.</summary>
    public static ScriptedClient Python(string script, object argument) => Start(Installed.AnyPython!, script, argument);

    /// <summary>Waits for an event.</summary>
    public async Task<JsonObject> EventAsync(string name, TimeSpan? timeout = null)
        => (await EventsAsync(1, name, timeout))[0];

    /// <summary>Waits for so many events of a name.</summary>
    public async Task<IReadOnlyList<JsonObject>> EventsAsync(int count, string name, TimeSpan? timeout = null)
    {
        IReadOnlyList<string> lines = await _process.LinesAsync(count, line => IsEvent(line, name), $"the event {name}", timeout);
        return [.. lines.Select(Parse)];
    }

    /// <summary>The events of a name so far.</summary>
    public IReadOnlyList<JsonObject> Events(string name) => [.. _process.Lines.Where(line => IsEvent(line, name)).Select(Parse)];

    /// <summary>Waits until it ends well.</summary>
    public async Task EndAsync(TimeSpan? timeout = null)
    {
        int code = await _process.ExitAsync(timeout);
        Assert.True(code == 0, $"The script ended with {code}\n{_process.Output}");
    }

    /// <summary>Ends its input, which asks it to close its connections and end.</summary>
    public Task CloseAsync()
    {
        _process.CloseInput();
        return EndAsync();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.ExitAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static ScriptedClient Start(string program, string script, object argument)
        => new(ChildProcess.Start(program, [script, JsonSerializer.Serialize(argument)], null, Installed.Folder));

    private static bool IsEvent(string line, string name)
        => line.StartsWith($"{{\"event\":\"{name}\"", StringComparison.Ordinal);

    private static JsonObject Parse(string line) => JsonNode.Parse(line)!.AsObject();
}
