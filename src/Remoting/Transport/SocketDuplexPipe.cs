using System.IO.Pipelines;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>A connected socket as two pipes, with a loop for each direction.</summary>
internal sealed class SocketDuplexPipe : IDuplexPipe, IAsyncDisposable
{
    private const int ReadSize = 16 * 1024;

    // Each piece is a call of the system, which costs as much as several small frames.
    private static readonly PipeOptions Options = new(
        pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024, minimumSegmentSize: 64 * 1024, useSynchronizationContext: false);

    private readonly Socket _socket;
    private readonly Pipe _received = new(Options);
    private readonly Pipe _toSend = new(Options);
    private readonly Task _receiving;
    private readonly Task _sending;

    public SocketDuplexPipe(Socket socket)
    {
        _socket = socket;
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output => _toSend.Writer;

    /// <summary>Closes the socket and waits for both loops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _toSend.Writer.CompleteAsync();
        await _received.Reader.CompleteAsync();
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer closed it already.
        }
        _socket.Dispose();
        await Task.WhenAll(_receiving, _sending);
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var count = await _socket.ReceiveAsync(_received.Writer.GetMemory(ReadSize));
                if (count == 0)
                    break;
                _received.Writer.Advance(count);
                if ((await _received.Writer.FlushAsync()).IsCompleted)
                    break;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            failure = new IOException(error.Message, error);
        }
        await _received.Writer.CompleteAsync(failure);
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var result = await _toSend.Reader.ReadAsync();
                foreach (var segment in result.Buffer)
                    await SendAllAsync(segment);
                _toSend.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            failure = new IOException(error.Message, error);
        }
        await _toSend.Reader.CompleteAsync(failure);
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> segment)
    {
        while (!segment.IsEmpty)
            segment = segment[await _socket.SendAsync(segment)..];
    }
}
