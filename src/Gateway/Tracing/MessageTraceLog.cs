using System.Diagnostics.Metrics;
using System.Text;
using System.Threading.Channels;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>
/// Writes lines of the trace as messages of the trace topic, whose keys are the ids and keys of the messages. A trace never holds
/// anything up: lines that find no room or cannot be stored are lost, and counted.
/// </summary>
internal sealed class MessageTraceLog : IAsyncDisposable
{
    private const int MaxLines = 100;
    private const int MaxSize = 128_000;
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(3);

    private readonly IMessageBridge _bridge;
    private readonly MessageTraceOptions _options;
    private readonly Channel<(string Text, string Id, string? Keys)> _lines;
    private readonly Meter _meter = new("ProtoBridgeMQ.Gateway.MessageTrace");
    private readonly Counter<long> _written;
    private readonly Counter<long> _dropped;
    private readonly ILogger _log;
    private readonly Task _writing;

    public MessageTraceLog(IMessageBridge bridge, MessageTraceOptions options, ILogger log)
    {
        _bridge = bridge;
        _options = options;
        _log = log;
        _lines = Channel.CreateBounded<(string, string, string?)>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
        _written = _meter.CreateCounter<long>("gateway.trace.lines", "{line}", "Lines of the message trace that were stored");
        _dropped = _meter.CreateCounter<long>("gateway.trace.dropped", "{line}", "Lines of the message trace that were lost");
        _writing = WriteAsync();
    }

    public void Add(string text, in TracedMessage message)
    {
        if (!_lines.Writer.TryWrite((text, message.Id, message.Keys)))
        {
            _dropped.Add(1);
        }
    }

    /// <summary>Writes what waits, for a moment, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing.WaitAsync(Goodbye, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _meter.Dispose();
    }

    private async Task WriteAsync()
    {
        var text = new StringBuilder();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (await _lines.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            int count = 0;
            while (count < MaxLines && text.Length < MaxSize && _lines.Reader.TryRead(out (string Text, string Id, string? Keys) line))
            {
                text.Append(line.Text);
                keys.Add(line.Id);
                keys.UnionWith(line.Keys?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
                count++;
            }

            await StoreAsync(Encoding.UTF8.GetBytes(text.ToString()), keys, count).ConfigureAwait(false);
            text.Clear();
            keys.Clear();
        }
    }

    private async Task StoreAsync(byte[] body, HashSet<string> keys, int count)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            properties.Write(PropertyNames.Keys, string.Join(' ', keys.Where(static key => key.Length > 0)));
            await _bridge.PublishAsync(new PublishMessage(_options.Topic, body, properties.Written)).ConfigureAwait(false);
            _written.Add(count);
        }
        catch (BridgeException failure)
        {
            _dropped.Add(count);
            _log.TraceFailed(count, failure.Message);
        }
        finally
        {
            properties.Dispose();
        }
    }
}
