using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Threading.Channels;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;

namespace ProtoBridgeMQ.Benchmarks.Load.Mqtt;

/// <summary>
/// A publisher and the one subscriber of its topic, both at QoS 1. The time of a message is from when it was due (or
/// published) to when the subscriber had it; the payload carries the due time.
/// </summary>
internal sealed class MqttPair : IDisposable
{
    private const int Window = 32;

    private readonly MqttConnection _publisher;
    private readonly MqttConnection _subscriber;
    private readonly byte[] _packet;
    private readonly int _identifierAt;
    private readonly int _payloadAt;
    private readonly SemaphoreSlim _free = new(Window);
    private readonly byte[] _acknowledgements = new byte[16 * 1024];
    private ushort _identifier;
    private long _published;
    private long _delivered;

    private MqttPair(MqttConnection publisher, MqttConnection subscriber, string topic, int size)
    {
        _publisher = publisher;
        _subscriber = subscriber;
        (_packet, _identifierAt, _payloadAt) = MqttPackets.PublishPacket(topic, Math.Max(size, sizeof(long)));
    }

    /// <summary>Messages that were published and did not arrive.</summary>
    public long Missing => Volatile.Read(ref _published) - Volatile.Read(ref _delivered);

    /// <summary>Connects both.</summary>
    public static async Task<MqttPair> OpenAsync(int port, string topic, int size, string name)
    {
        MqttConnection subscriber = await MqttConnection.OpenAsync(port, $"s-{name}");
        await subscriber.SubscribeAsync(topic);
        return new MqttPair(await MqttConnection.OpenAsync(port, $"p-{name}"), subscriber, topic, size);
    }

    /// <summary>Publishes when due, or as the window allows when there are no due times; returns what the subscriber saw.</summary>
    public async Task<Tally> RunAsync(ChannelReader<long>? dueTimes, Phase phase)
    {
        var tally = new Tally();
        Task acknowledged = Task.Run(ReadAcknowledgementsAsync);
        Task delivered = Task.Run(() => ReadDeliveriesAsync(tally, phase));
        if (dueTimes is null)
        {
            long now;
            while ((now = TimeProvider.System.GetTimestamp()) < phase.End)
            {
                await PublishAsync(now);
            }
        }
        else
        {
            await foreach (long due in dueTimes.ReadAllAsync())
            {
                await PublishAsync(due);
            }
        }

        await DrainAsync();
        _publisher.Dispose();
        _subscriber.Dispose();
        await Task.WhenAll(acknowledged, delivered);
        return tally;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _publisher.Dispose();
        _subscriber.Dispose();
        _free.Dispose();
    }

    private async Task PublishAsync(long due)
    {
        await _free.WaitAsync();
        _identifier = _identifier == ushort.MaxValue ? (ushort)1 : (ushort)(_identifier + 1);
        BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(_identifierAt), _identifier);
        BinaryPrimitives.WriteInt64BigEndian(_packet.AsSpan(_payloadAt), due);
        await _publisher.Socket.SendAsync(_packet);
        Volatile.Write(ref _published, _published + 1);
    }

    private async Task DrainAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        for (int i = 0; i < 100 && Missing > 0; i++)
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private Task ReadAcknowledgementsAsync() => ReadAsync(_publisher.Input, packet =>
    {
        if (packet.FirstSpan[0] == 0x40)
        {
            _free.Release();
        }

        return 0;
    }, null);

    private Task ReadDeliveriesAsync(Tally tally, Phase phase) => ReadAsync(_subscriber.Input, packet =>
    {
        ReadOnlySpan<byte> bytes = packet.IsSingleSegment ? packet.FirstSpan : packet.ToArray();
        if (bytes[0] >> 4 != MqttPackets.Publish)
        {
            return 0;
        }

        MqttPackets.PublishView publish = MqttPackets.ReadPublish(bytes);
        long due = BinaryPrimitives.ReadInt64BigEndian(publish.Payload);
        if (due >= phase.Counted && due < phase.End)
        {
            tally.Times.Record(TimeProvider.System.GetElapsedTime(due, TimeProvider.System.GetTimestamp()));
        }

        Volatile.Write(ref _delivered, _delivered + 1);
        return publish.Identifier;
    }, _subscriber);

    /// <summary>Reads packets until the connection ends; what the function returns, unless 0, is acknowledged in one write a read.</summary>
    private async Task ReadAsync(PipeReader input, Func<ReadOnlySequence<byte>, int> take, MqttConnection? answer)
    {
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync();
                ReadOnlySequence<byte> buffer = read.Buffer;
                int length = 0;
                while (length + 4 <= _acknowledgements.Length && MqttPackets.TryCut(buffer, out ReadOnlySequence<byte> packet))
                {
                    buffer = buffer.Slice(packet.End);
                    int identifier = take(packet);
                    if (identifier != 0)
                    {
                        _acknowledgements.AsSpan(length, 2).Fill(0x40);
                        _acknowledgements[length + 1] = 2;
                        BinaryPrimitives.WriteUInt16BigEndian(_acknowledgements.AsSpan(length + 2), (ushort)identifier);
                        length += 4;
                    }
                }

                bool cutAll = length + 4 <= _acknowledgements.Length;
                input.AdvanceTo(buffer.Start, cutAll ? buffer.End : buffer.Start);
                if (length > 0 && answer is not null)
                {
                    await answer.Socket.SendAsync(_acknowledgements.AsMemory(0, length));
                }

                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The measurement closed the connection.
        }
    }
}
