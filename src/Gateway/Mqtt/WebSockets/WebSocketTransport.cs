using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;

namespace ProtoBridgeMQ.Gateway.Mqtt.WebSockets;

/// <summary>
/// A WebSocket as a duplex pipe of bytes (section 6): packets may span frames and share them [MQTT-6.0.0-2]; a frame
/// that is not binary ends the connection [MQTT-6.0.0-1].
/// </summary>
internal sealed class WebSocketTransport : IDuplexPipe
{
    private const int ReadSize = 4096;

    private readonly WebSocket _socket;
    private readonly TimeProvider _clock;
    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;

    /// <summary>Makes the pipes.</summary>
    /// <param name="socket">Accepted; disposed of by its owner.</param>
    /// <param name="buffer">Bytes that wait in each direction before the other end is held back.</param>
    /// <param name="clock">For the goodbye.</param>
    public WebSocketTransport(WebSocket socket, int buffer, TimeProvider clock)
    {
        _socket = socket;
        _clock = clock;
        var options = new PipeOptions(pauseWriterThreshold: buffer, resumeWriterThreshold: buffer / 2, useSynchronizationContext: false);
        _incoming = new Pipe(options);
        _outgoing = new Pipe(options);
    }

    /// <inheritdoc/>
    public PipeReader Input => _incoming.Reader;

    /// <inheritdoc/>
    public PipeWriter Output => _outgoing.Writer;

    /// <summary>Moves bytes until both ends are done; the front has completed its ends by then.</summary>
    /// <param name="goodbye">How long the client may take to answer the close frame.</param>
    /// <param name="served">The front at work.</param>
    public async Task RunAsync(TimeSpan goodbye, Task served)
    {
        Task receiving = ReceiveAsync();
        Task sending = SendAsync();
        await served.ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        try
        {
            await receiving.WaitAsync(goodbye, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Abort();
            await receiving.ConfigureAwait(false);
        }
    }

    /// <summary>Breaks the connection at once.</summary>
    public void Abort()
    {
        _socket.Abort();
        _outgoing.Reader.CancelPendingRead();
        _incoming.Writer.CancelPendingFlush();
    }

    private async Task ReceiveAsync()
    {
        PipeWriter writer = _incoming.Writer;
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult received = await _socket.ReceiveAsync(writer.GetMemory(ReadSize), CancellationToken.None).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                if (received.MessageType == WebSocketMessageType.Text)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.InvalidMessageType, "MQTT is binary", CancellationToken.None).ConfigureAwait(false);
                    break;
                }

                writer.Advance(received.Count);
                FlushResult flushed = await writer.FlushAsync().ConfigureAwait(false);
                if (flushed.IsCompleted)
                    await DrainAsync().ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    break;
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The client is gone, or the connection was broken: the front sees the end of its input.
        }
        finally
        {
            await writer.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The front reads no more: what still comes is dropped until the client says goodbye.</summary>
    private async Task DrainAsync()
    {
        byte[] room = ArrayPool<byte>.Shared.Rent(ReadSize);
        try
        {
            while ((await _socket.ReceiveAsync(room.AsMemory(), CancellationToken.None).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    private async Task SendAsync()
    {
        PipeReader reader = _outgoing.Reader;
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync().ConfigureAwait(false);
                if (read.IsCanceled)
                    return;
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    await _socket.SendAsync(segment, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }

            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Nobody is left to send to.
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
