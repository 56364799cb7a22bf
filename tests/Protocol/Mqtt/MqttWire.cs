using System.Buffers;
using System.IO.Pipelines;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>The client's end of a connection: sends bytes, and reads packets as bytes or as words.</summary>
public sealed class MqttWire(PipeWriter output, PipeReader input)
{
    private readonly Signal _aborted = new("the server broke the connection");

    /// <summary>Completes when the server is done with the connection.</summary>
    public Task Served { get; set; } = Task.CompletedTask;

    /// <summary>Set when the server broke the network connection.</summary>
    public Signal Aborted => _aborted;

    /// <summary>For the words of packets read.</summary>
    public ProtocolVersion Version { get; private set; } = ProtocolVersion.Mqtt311;

    public void OnAborted()
    {
        _aborted.Set();
        output.Complete();
    }

    public async Task SendAsync(byte[] bytes)
    {
        if (bytes.Length > 8 && bytes[0] == 0x10)
            Version = (ProtocolVersion)bytes[bytes.AsSpan().IndexOf("MQ"u8) + (bytes.AsSpan().IndexOf("MQTT"u8) > 0 ? 4 : 6)];
        await output.WriteAsync(bytes);
    }

    /// <summary>Sends bytes that need be no packet; what the server does not take any more is lost.</summary>
    public async Task TrySendAsync(byte[] bytes, ProtocolVersion version)
    {
        Version = version;
        try
        {
            await output.WriteAsync(bytes);
        }
        catch (InvalidOperationException) when (_aborted.IsSet)
        {
            // The connection was broken.
        }
    }

    public Task SendHexAsync(string hex) => SendAsync(Bytes(hex));

    public Task SendAsync(IPacket packet) => SendAsync(PacketText.Encode(packet, Version));

    /// <summary>The client goes away without a word.</summary>
    public async Task BreakAsync() => await output.CompleteAsync();

    /// <summary>The next packet must be exactly these bytes.</summary>
    public async Task ExpectAsync(string hex)
        => Assert.Equal(Convert.ToHexString(Bytes(hex)), Convert.ToHexString(await ReadAsync() ?? []));

    /// <summary>The next packet in words.</summary>
    public async Task<string> ReadTextAsync()
    {
        byte[] bytes = await ReadAsync() ?? throw new InvalidOperationException("The connection closed instead of sending a packet.");
        var buffer = new ReadOnlySequence<byte>(bytes);
        FrameCutter.TryCut(ref buffer, int.MaxValue, out Frame frame, out _);
        ProtocolError error = PacketText.Decode(frame, Version, out IPacket? packet);
        return packet is null ? $"not a packet: {error}" : PacketText.Describe(packet);
    }

    /// <summary>No packet comes any more: the server closes.</summary>
    public async Task ExpectClosedAsync()
    {
        byte[]? more = await ReadAsync();
        Assert.True(more is null, $"Instead of closing the server sent {Convert.ToHexString(more ?? [])}");
        await Served.Within("the server is done with the connection");
    }

    /// <summary>The server says why by DISCONNECT and closes.</summary>
    public async Task ExpectDisconnectAsync(ReasonCode reason)
    {
        Assert.StartsWith($"DISCONNECT reason={(int)reason} ", await ReadTextAsync(), StringComparison.Ordinal);
        await ExpectClosedAsync();
    }

    /// <summary>Whether the server has sent nothing: a ping is answered before anything else.</summary>
    public async Task ExpectSilenceAsync()
    {
        await SendHexAsync("C0 00");
        await ExpectAsync("D0 00");
    }

    /// <summary>The next packet, or null when the server has closed.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync().Within("a packet comes from the server, or the connection closes");
            ReadOnlySequence<byte> buffer = result.Buffer;
            ReadOnlySequence<byte> rest = buffer;
            CutResult cut = FrameCutter.TryCut(ref rest, int.MaxValue, out _, out ProtocolError error);
            Assert.False(cut == CutResult.Invalid, error.Text);
            if (cut == CutResult.Frame)
            {
                byte[] packet = buffer.Slice(0, rest.Start).ToArray();
                input.AdvanceTo(rest.Start);
                return packet;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                Assert.True(buffer.IsEmpty, "the server closed inside a packet");
                return null;
            }
        }
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
}
