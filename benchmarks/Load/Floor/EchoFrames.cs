using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace ProtoBridgeMQ.Benchmarks.Load.Floor;

/// <summary>
/// The floor of remoting: a bare Kestrel connection handler that cuts frames by their length and answers each with a
/// frame of the size that the client asked for in its first four bytes. All frames of one read are answered in one flush.
/// </summary>
internal sealed class EchoFrames : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        PipeWriter output = connection.Transport.Output;
        byte[]? answer = null;
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (answer is null && TryInt(buffer, out int size))
            {
                answer = Frame(size);
                buffer = buffer.Slice(4);
            }

            while (answer is not null && TryInt(buffer, out int length) && buffer.Length >= 4 + length)
            {
                buffer = buffer.Slice(4 + length);
                output.Write(answer);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            await output.FlushAsync();
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static byte[] Frame(int size)
    {
        byte[] frame = new byte[size];
        BinaryPrimitives.WriteInt32BigEndian(frame, size - 4);
        return frame;
    }

    private static bool TryInt(in ReadOnlySequence<byte> buffer, out int value)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.TryReadBigEndian(out value);
    }
}
