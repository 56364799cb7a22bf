using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>
/// One WebSocket: messages go out as far as the client gave credit, settlements come in. Both directions run beside each other; frames go
/// out one at a time.
/// </summary>
internal sealed class SocketSession(WebSocket socket, ISocketSource source, HttpOptions options, HttpMetrics metrics, TimeProvider clock, Action check) : IDisposable
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(40);

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SemaphoreSlim _credited = new(0);
    private readonly ArrayBufferWriter<byte> _frame = new();
    private int _credit;

    /// <summary>Runs until either side ends it.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await SendAsync(writer =>
        {
            writer.WriteString("type"u8, "open"u8);
            if (source.Place is { } place)
                writer.WriteString("position"u8, place);
        });
        Task<Exception?> listening = GuardAsync(ListenAsync(ends.Token));
        Task<Exception?> delivering = GuardAsync(DeliverAsync(ends.Token));
        Exception? failure = await await Task.WhenAny(listening, delivering);
        await SayGoodbyeAsync(failure, stopping.IsCancellationRequested);
        await ends.CancelAsync();
        await Task.WhenAll(listening, delivering);
    }

    public void Dispose()
    {
        _sending.Dispose();
        _credited.Dispose();
    }

    private static async Task<Exception?> GuardAsync(Task work)
    {
        try
        {
            await work;
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private async Task DeliverAsync(CancellationToken cancellationToken)
    {
        using var batch = new MessageBatch();
        while (true)
        {
            int credit = Volatile.Read(ref _credit);
            if (credit == 0)
            {
                await _credited.WaitAsync(cancellationToken);
                continue;
            }

            int count = await source.ReadAsync(batch, Math.Min(credit, options.EventBatch), options.EventKeepAlive, cancellationToken);
            // Rules may have changed, or a token run out.
            check();
            for (int i = 0; i < count; i++)
            {
                int index = i;
                await SendAsync(writer =>
                {
                    writer.WriteString("type"u8, "deliver"u8);
                    source.Write(writer, batch, index);
                });
            }

            Interlocked.Add(ref _credit, -count);
            metrics.SocketMessages.Add(count);
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[options.MaxSocketFrame];
        while (true)
        {
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                    throw new RefusalException(Problem.TooLarge, $"A frame may have {options.MaxSocketFrame} bytes.");

                part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
                return;

            await HandleAsync(SocketFrame.Parse(buffer.AsSpan(0, length), options.MaxReceipts));
        }
    }

    private async Task HandleAsync(SocketFrame frame)
    {
        if (frame.Type == "credit")
        {
            if (Interlocked.Add(ref _credit, frame.Count) > options.MaxSocketCredit)
                throw new RefusalException(Problem.InvalidRequest, $"More than {options.MaxSocketCredit} messages of credit at one time are not taken.");

            _credited.Release();
            return;
        }

        Settlement settlement = frame.Type switch
        {
            "ack" => Settlement.Accept,
            "nack" => Settlement.Release(Durations.Read("delay", frame.Time, TimeSpan.Zero, MaxDelay)),
            "extend" => Settlement.Extend(Durations.Read("lease", frame.Time, options.DefaultLease, options.MaxLease)),
            _ => Settlement.DeadLetter,
        };
        var settles = new Task[frame.Receipts.Count];
        for (int i = 0; i < settles.Length; i++)
            settles[i] = SettleAsync(frame.Receipts[i], settlement);

        await Task.WhenAll(settles).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        metrics.Settled.Add(settles.Count(settle => settle.IsCompletedSuccessfully), new KeyValuePair<string, object?>("outcome", frame.Type));
        await SendAsync(writer =>
        {
            writer.WriteString("type"u8, "settled"u8);
            SettleResultsJson.Write(writer, frame.Receipts, settles);
        });
    }

    private async Task SettleAsync(string receipt, Settlement settlement) => await source.SettleAsync(receipt, settlement);

    /// <summary>A failure is told, then the socket is closed.</summary>
    private async Task SayGoodbyeAsync(Exception? failure, bool isStopping)
    {
        ProblemDetail? problem = failure is null or OperationCanceledException or WebSocketException ? null : ProblemDetail.Of(failure);
        try
        {
            if (problem is { } told)
            {
                metrics.Problems.Add(1, new KeyValuePair<string, object?>("type", told.Problem.Name));
                await SendAsync(writer =>
                {
                    writer.WriteString("type"u8, "error"u8);
                    writer.WriteStartObject("problem"u8);
                    told.WriteMembers(writer);
                    writer.WriteEndObject();
                });
            }

            WebSocketCloseStatus status = isStopping ? WebSocketCloseStatus.EndpointUnavailable
                : problem is null ? WebSocketCloseStatus.NormalClosure
                : problem.Value.Problem.Status >= 500 ? WebSocketCloseStatus.InternalServerError
                : WebSocketCloseStatus.PolicyViolation;
            using var limit = new CancellationTokenSource(options.SocketSendTimeout, clock);
            await socket.CloseOutputAsync(status, problem?.Problem.Name, limit.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            socket.Abort();
        }
    }

    /// <summary>A client that does not take a frame in time is cut off: what it holds goes to others.</summary>
    private async Task SendAsync(Action<Utf8JsonWriter> write)
    {
        await _sending.WaitAsync();
        try
        {
            Write(write);
            using var limit = new CancellationTokenSource(options.SocketSendTimeout, clock);
            await socket.SendAsync(_frame.WrittenMemory, WebSocketMessageType.Text, true, limit.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private void Write(Action<Utf8JsonWriter> write)
    {
        _frame.ResetWrittenCount();
        Utf8JsonWriter writer = JsonWriters.Rent(_frame);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        JsonWriters.Return(writer);
    }
}
