using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>A device that returns: how fast a receive maximum of 1,000 lets its backlog come. Order and completeness are checked.</summary>
internal sealed class BacklogPart(Target server, ScaleOptions options)
{
    private const int PublishKind = 3;
    private const int SubscribeAcknowledgement = 9;

    public Task<IReadOnlyList<ScaleRow>> RunAsync()
    {
        using (ScaleClient device = ScaleClient.Open(server.Ports.Mqtt, "device", isKept: true, MqttPackets.SubscribePacket(["backlog/+"], qos: 1)))
        {
            device.Expect(SubscribeAcknowledgement);
            device.Leave();
        }

        (long Count, double Seconds, double Cpu) published = ScaleWork.Publish(server, static i => ScaleWork.Name("backlog/", i), double.MaxValue, options.Backlog);
        double cpu = server.CpuSeconds;
        long start = TimeProvider.System.GetTimestamp();
        using ScaleClient back = ScaleClient.Open(server.Ports.Mqtt, MqttPackets.Connect5Packet("device", receiveMaximum: 1000, expirySeconds: 3600));
        double session = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        List<byte> acknowledgements = [];
        for (long expected = 0; expected < published.Count; expected++)
        {
            ReadOnlySpan<byte> body = back.Expect(PublishKind).Span;
            ushort identifier = ScaleClient.IdentifierOf(body);
            acknowledgements.AddRange([0x40, 2, (byte)(identifier >> 8), (byte)identifier]);
            if (!MqttPackets.TopicOf(body).SequenceEqual(System.Text.Encoding.ASCII.GetBytes(ScaleWork.Name("backlog/", expected))))
                throw new InvalidDataException($"message {expected} is not the next one: {System.Text.Encoding.ASCII.GetString(MqttPackets.TopicOf(body))}");
            if (!back.HasPacket)
            {
                back.Send(acknowledgements.ToArray());
                acknowledgements.Clear();
            }
        }

        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        cpu = server.CpuSeconds - cpu;
        back.Leave();
        return Task.FromResult<IReadOnlyList<ScaleRow>>(
        [
            Row("messages that waited", published.Count, string.Empty),
            Row("publishes while away", published.Count / published.Seconds, "/s"),
            Row("backlog delivered, receive maximum 1,000", published.Count / seconds, "/s"),
            Row("server's processor for a message of it", cpu / published.Count * 1e6, "us"),
            Row("connect to CONNACK", session, "ms"),
        ]);
    }

    private ScaleRow Row(string measure, double value, string unit) => new("backlog", server.Name, measure, value, unit);
}
