using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>A running mosquitto_sub.</summary>
internal sealed class MosquittoSubscription(ChildProcess process) : IAsyncDisposable
{
    private const string Prefix = "MESSAGE ";

    /// <summary>Waits for so many messages.</summary>
    public async Task<IReadOnlyList<MosquittoMessage>> MessagesAsync(int count, TimeSpan? timeout = null)
    {
        IReadOnlyList<string> lines = await process.LinesAsync(count, IsMessage, "a message", timeout);
        return [.. lines.Select(Parse)];
    }

    /// <summary>Waits for one message with this body.</summary>
    public async Task<MosquittoMessage> MessageAsync(string body)
        => Parse(await process.LineAsync(line => IsMessage(line) && Parse(line).Body == body, $"the message {body}"));

    /// <summary>All messages so far.</summary>
    public IReadOnlyList<MosquittoMessage> Messages => [.. process.Lines.Where(IsMessage).Select(Parse)];

    /// <summary>Waits for a line of its debug output, so many times.</summary>
    public Task SaysAsync(int times, string words)
        => process.LinesAsync(times, line => line.Contains(words, StringComparison.Ordinal), words, TimeSpan.FromSeconds(40));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static bool IsMessage(string line) => line.StartsWith(Prefix, StringComparison.Ordinal);

    private static MosquittoMessage Parse(string line)
    {
        string[] parts = line[Prefix.Length..].Split('|', 6);
        return new MosquittoMessage(parts[0], parts[1], parts[2] == "1", parts[3], parts[4], parts[5]);
    }
}
