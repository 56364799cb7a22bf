using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProtoBridgeMQ.Benchmarks.Load.Burdens;

/// <summary>A name server that says yes to everything and counts the bytes of what it is asked.</summary>
internal sealed class RegistrationCounter : IDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private long _largest;
    private long _last;

    public RegistrationCounter()
    {
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen();
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    /// <summary>Bytes of the largest request: a registration with all topics.</summary>
    public long Largest => Interlocked.Read(ref _largest);

    /// <summary>Bytes of the last one: a heartbeat.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <inheritdoc/>
    public void Dispose() => _listening.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listening.AcceptAsync());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end of the measurement.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using (socket)
        {
            await using var stream = new NetworkStream(socket);
            byte[] prefix = new byte[8];
            try
            {
                while (true)
                {
                    await stream.ReadExactlyAsync(prefix);
                    int length = BinaryPrimitives.ReadInt32BigEndian(prefix);
                    byte[] rest = new byte[length - 4];
                    await stream.ReadExactlyAsync(rest);
                    Interlocked.Exchange(ref _last, length + 4);
                    Interlocked.Exchange(ref _largest, Math.Max(Largest, length + 4));
                    await stream.WriteAsync(Answer(OpaqueOf(rest)));
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The broker has stopped.
            }
        }
    }

    private static int OpaqueOf(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> name = "\"opaque\":"u8;
        int at = header.IndexOf(name) + name.Length;
        int opaque = 0;
        for (; header[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            opaque = (opaque * 10) + header[at] - '0';
        }

        return opaque;
    }

    private static byte[] Answer(int opaque)
    {
        byte[] header = Encoding.ASCII.GetBytes($"{{\"code\":0,\"flag\":1,\"language\":\"OTHER\",\"opaque\":{opaque},\"serializeTypeCurrentRPC\":\"JSON\",\"version\":317}}");
        byte[] frame = new byte[8 + header.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), header.Length);
        header.CopyTo(frame, 8);
        return frame;
    }
}
