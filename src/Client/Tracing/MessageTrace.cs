using System.Text;
using System.Threading.Channels;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Sending;

namespace ProtoBridgeMQ.Client.Tracing;

/// <summary>
/// RocketMQ's message trace: what was sent and handled, as lines in messages of the trace topic, whose keys are the ids and keys of the
/// messages. Lines that cannot be sent are lost, and counted: a trace never holds anything up.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class MessageTrace
{
    private const int MaxWaiting = 4096;
    private const int MaxLines = 100;
    private const int MaxSize = 128_000;

    private readonly ClusterConnection _connection;
    private readonly Channel<Line> _lines = Channel.CreateBounded<Line>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private Task _sending = Task.CompletedTask;

    public MessageTrace(ClusterConnection connection) => _connection = connection;

    private long Now => _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public void Start() => _sending = SendAsync();

    /// <summary>Sends what waits, and ends.</summary>
    public async ValueTask StopAsync()
    {
        _lines.Writer.TryComplete();
        await _sending.WaitAsync(TimeSpan.FromSeconds(3), _connection.Options.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Published(string group, Message message, in SendReceipt receipt, TimeSpan took, int type, bool isSuccess)
        => Add(
            TraceText.Pub(Now - (long)took.TotalMilliseconds, receipt.Region, group, message, receipt, StoreHost(receipt.Queue.BrokerName), took, type, isSuccess),
            receipt.MessageId,
            message.Keys);

    /// <summary>A message is about to be handled.</summary>
    /// <returns>What ties the line to that of its end; null when the message is not to be traced.</returns>
    public string? Handling(string group, ReceivedMessage message)
    {
        // What tells of traces would tell of itself.
        if (message.Properties.GetValueOrDefault("TRACE_ON") == "false" || message.Topic == _connection.Options.TraceTopic)
        {
            return null;
        }

        // Brokers of Apache add the region only where they have a hook for sends.
        string region = message.Properties.GetValueOrDefault("MSG_REGION") ?? "DefaultRegion";

        string request = _connection.Keys.Next();
        Add(TraceText.SubBefore(Now, region, group, request, message), message.MessageId, message.Keys);
        return request;
    }

    public void Handled(string group, string request, ReceivedMessage message, TimeSpan took, bool isSuccess, bool threw)
    {
        const int Threw = 2;
        const int Failed = 4;
        int code = isSuccess ? 0 : threw ? Threw : Failed;
        Add(TraceText.SubAfter(Now, group, request, message, took, isSuccess, code), message.MessageId, message.Keys);
    }

    public void TransactionEnded(string group, string topic, string id, string? tags, string? keys, string broker, string state, bool fromCheck)
        => Add(TraceText.EndTransaction(Now, group, topic, id, tags, keys, StoreHost(broker), state, fromCheck), id, keys);

    public void Recalled(string group, string topic, string id, bool isSuccess)
        => Add(TraceText.Recall(Now, group, topic, id, isSuccess), id, null);

    private string StoreHost(string? broker) => broker is null ? string.Empty : _connection.Routes.AddressOf(broker, masterOnly: true) ?? string.Empty;

    private void Add(string text, string? id, string? keys)
    {
        if (!_lines.Writer.TryWrite(new Line(text, id, keys)))
        {
            ClientMetrics.TracesDropped.Add(1);
        }
    }

    private async Task SendAsync()
    {
        var sender = new MessageSender(_connection, new ProducerOptions
        {
            Group = TraceText.ProducerGroup(_connection.Options.TraceTopic),
            SendTimeout = TimeSpan.FromSeconds(5),
        });
        var text = new StringBuilder();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (await _lines.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            int count = 0;
            while (count < MaxLines && text.Length < MaxSize && _lines.Reader.TryRead(out Line line))
            {
                text.Append(line.Text);
                count++;
                AddKeys(keys, line);
            }

            try
            {
                var message = new Message(_connection.Options.TraceTopic, Encoding.UTF8.GetBytes(text.ToString()), keys: string.Join(' ', keys));
                await sender.SendAsync(message, SendTarget.Any, SendPurpose.Message, _connection.Stopped).ConfigureAwait(false);
            }
            catch (Exception error) when (error is ProtoBridgeMqException or OperationCanceledException)
            {
                ClientMetrics.TracesDropped.Add(count);
                _connection.Log.TraceFailed(count, error.Message);
            }

            text.Clear();
            keys.Clear();
        }
    }

    private static void AddKeys(HashSet<string> keys, Line line)
    {
        if (!string.IsNullOrEmpty(line.Id))
        {
            keys.Add(line.Id);
        }

        keys.UnionWith(line.Keys?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
    }

    private readonly record struct Line(string Text, string? Id, string? Keys);
}
