using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>An MQTT client with a shared subscription, which acknowledges what it is given, or refuses it the first time.</summary>
internal sealed class MqttWorker : IAsyncDisposable
{
    private readonly MixedCluster _cluster;
    private readonly Random _random;
    private readonly Pipe _toServer = new(new PipeOptions(useSynchronizationContext: false));
    private readonly Pipe _toClient = new(new PipeOptions(useSynchronizationContext: false));
    private readonly ArrayBufferWriter<byte> _packet = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _served;
    private Task _working = Task.CompletedTask;

    private MqttWorker(MixedCluster cluster, MqttFront front, string clientId, int seed)
    {
        _cluster = cluster;
        _random = new Random(seed);
        _served = front.ServeAsync(new ServerEnd(_toServer.Reader, _toClient.Writer), clientId, null, () => _toClient.Reader.CancelPendingRead(), CancellationToken.None);
    }

    /// <summary>Connects, and joins the group.</summary>
    public static async Task<MqttWorker> JoinAsync(MixedCluster cluster, MqttFront front, string clientId, string filter, int seed)
    {
        var worker = new MqttWorker(cluster, front, clientId, seed);
        PropertyBlock credit = new PropertyBlockWriter().Add(PropertyId.ReceiveMaximum, (uint)worker._random.Next(1, 10)).Block;
        await worker.SendAsync(new ConnectPacket { Version = ProtocolVersion.Mqtt5, CleanStart = true, ClientId = clientId, Properties = credit });
        Assert.Equal(PacketType.Connack, (await worker.ReadAsync(CancellationToken.None)).Type);
        await worker.SendAsync(new SubscribePacket
        {
            PacketId = 1,
            Subscriptions = [new SubscriptionRequest(Encoding.UTF8.GetBytes(filter), 1, false, false, RetainHandling.Send)],
        });
        (PacketType type, byte[] body, _) = await worker.ReadAsync(CancellationToken.None);
        // A group without messages sends nothing before the SUBACK; one with messages may.
        while (type == PacketType.Publish)
        {
            await worker.HandleAsync(body);
            (type, body, _) = await worker.ReadAsync(CancellationToken.None);
        }

        Assert.Equal((PacketType.Suback, 1), (type, body[^1]));
        worker._working = Task.Run(worker.WorkAsync);
        return worker;
    }

    /// <summary>Its connection breaks, with what it holds at this moment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        await _toServer.Writer.CompleteAsync();
        await _toClient.Reader.CompleteAsync();
        await _served;
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                (PacketType type, byte[] body, byte flags) = await ReadAsync(_stop.Token);
                Assert.Equal((PacketType.Publish, 2), (type, flags));
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                await HandleAsync(body);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It leaves.
        }
    }

    private async Task HandleAsync(byte[] body)
    {
        PublishPacket.TryDecode(body, 2, ProtocolVersion.Mqtt5, out PublishPacket publish);
        string text = Encoding.UTF8.GetString(publish.Payload.Span);
        bool refuse = (_cluster.RefuseAtFirst && !_cluster.Handlings.WasSentBack(text)) || _random.Next(30) == 0;
        if (refuse)
        {
            _cluster.Handlings.SentBack(text, "mqtt");
        }
        else
        {
            _cluster.Handlings.Handled(text, "mqtt");
        }

        await SendAsync(new AcknowledgementPacket
        {
            Type = PacketType.Puback,
            PacketId = publish.PacketId,
            Reason = refuse ? ReasonCode.UnspecifiedError : ReasonCode.Success,
        });
    }

    private async Task SendAsync<T>(T packet)
        where T : IPacket
    {
        _packet.ResetWrittenCount();
        PacketEncoder.Write(_packet, packet, ProtocolVersion.Mqtt5);
        await _toServer.Writer.WriteAsync(_packet.WrittenMemory);
    }

    private async Task<(PacketType Type, byte[] Body, byte Flags)> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await _toClient.Reader.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = result.Buffer;
            if (FrameCutter.TryCut(ref rest, int.MaxValue, out Frame frame, out _) == CutResult.Frame)
            {
                byte[] body = frame.Body.ToArray();
                _toClient.Reader.AdvanceTo(rest.Start);
                return (frame.Type, body, frame.Flags);
            }

            _toClient.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            Assert.False(result.IsCompleted || result.IsCanceled, "the server closed the connection");
        }
    }

    private sealed record ServerEnd(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
