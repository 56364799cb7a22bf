using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Remoting;

namespace ProtoBridgeMQ.Benchmarks.Load.Sdk;

/// <summary>
/// Sends without waiting for each answer, over one connection, on bare sockets with frames made beforehand: so many requests are always
/// unanswered. What a client can reach at most.
/// </summary>
internal sealed class RawPipeline : IDisposable
{
    private readonly Socket _socket;
    private readonly SendFrame[] _frames;
    private byte[] _output = new byte[64 * 1024];
    private readonly byte[] _input = new byte[256 * 1024];
    private int _kept;
    private uint _turn;

    private RawPipeline(Socket socket, SendFrame[] frames)
    {
        _socket = socket;
        _frames = frames;
    }

    /// <summary>Sends for a while.</summary>
    /// <returns>Acknowledged messages a second.</returns>
    public static async Task<double> RunAsync(int port, string topic, int queues, int size, int inFlight, double warmup, double seconds)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        using var pipeline = new RawPipeline(socket, [.. Enumerable.Range(0, queues).Select(queue => SendFrame.Send(topic, queue, size, binary: false))]);
        Phase phase = Phase.StartNow(warmup, seconds);
        return await Task.Run(() => pipeline.LoopAsync(phase, inFlight)) / phase.Seconds;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<long> LoopAsync(Phase phase, int inFlight)
    {
        long counted = 0;
        int unanswered = 0;
        while (true)
        {
            long now = TimeProvider.System.GetTimestamp();
            if (now < phase.End)
            {
                await WriteAsync(inFlight - unanswered);
                unanswered = inFlight;
            }
            else if (unanswered == 0)
            {
                return counted;
            }

            int answers = await ReadAsync();
            unanswered -= answers;
            if (now >= phase.Counted && now < phase.End)
            {
                counted += answers;
            }
        }
    }

    private async ValueTask WriteAsync(int count)
    {
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> frame = _frames[_turn++ % _frames.Length].Next();
            if (used + frame.Length > _output.Length)
            {
                Array.Resize(ref _output, _output.Length * 2);
            }

            frame.CopyTo(_output.AsMemory(used));
            used += frame.Length;
        }

        for (int sent = 0; sent < used;)
        {
            sent += await _socket.SendAsync(_output.AsMemory(sent, used - sent));
        }
    }

    /// <summary>Reads once and counts the answers that are whole.</summary>
    private async ValueTask<int> ReadAsync()
    {
        int got = await _socket.ReceiveAsync(_input.AsMemory(_kept));
        if (got == 0)
        {
            throw new IOException("The connection was closed.");
        }

        int end = _kept + got;
        int at = 0;
        int answers = 0;
        while (end - at >= 4 && BinaryPrimitives.ReadInt32BigEndian(_input.AsSpan(at)) + 4 is var length && end - at >= length)
        {
            if (_input.AsSpan(at, length).IndexOf("\"code\":0,"u8) < 0)
            {
                throw new InvalidOperationException("A send was refused.");
            }

            answers++;
            at += length;
        }

        _input.AsSpan(at, end - at).CopyTo(_input);
        _kept = end - at;
        return answers;
    }
}
