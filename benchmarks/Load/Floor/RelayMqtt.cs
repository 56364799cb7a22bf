using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;

namespace ProtoBridgeMQ.Benchmarks.Load.Floor;

/// <summary>
/// The floor of MQTT: a bare Kestrel connection handler that keeps nothing. It acknowledges a publish and hands its
/// bytes to the connection that subscribed to exactly this topic.
/// </summary>
internal sealed class RelayMqtt : ConnectionHandler
{
    private readonly ConcurrentDictionary<string, Subscriber> _subscribers = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        var self = new Subscriber(connection.Transport.Output);
        HashSet<Subscriber> touched = [];
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (MqttPackets.TryCut(buffer, out ReadOnlySequence<byte> packet))
            {
                buffer = buffer.Slice(packet.End);
                Handle(packet, self, touched);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            foreach (Subscriber subscriber in touched)
            {
                await subscriber.FlushAsync();
            }

            touched.Clear();
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private void Handle(in ReadOnlySequence<byte> packet, Subscriber self, HashSet<Subscriber> touched)
    {
        ReadOnlySpan<byte> bytes = packet.IsSingleSegment ? packet.FirstSpan : packet.ToArray();
        switch (bytes[0] >> 4)
        {
            case MqttPackets.Connect:
                self.Write([0x20, 2, 0, 0]);
                touched.Add(self);
                break;
            case MqttPackets.Subscribe:
                (ushort identifier, string filter) = MqttPackets.ReadSubscribe(bytes);
                _subscribers[filter] = self;
                self.Write([0x90, 3, (byte)(identifier >> 8), (byte)identifier, 1]);
                touched.Add(self);
                break;
            case MqttPackets.Publish:
                MqttPackets.PublishView publish = MqttPackets.ReadPublish(bytes);
                self.Write([0x40, 2, (byte)(publish.Identifier >> 8), (byte)publish.Identifier]);
                touched.Add(self);
                if (_subscribers.TryGetValue(publish.Topic, out Subscriber? subscriber))
                {
                    subscriber.Write(bytes);
                    touched.Add(subscriber);
                }

                break;
        }
    }

    private sealed class Subscriber(PipeWriter output) : IDisposable
    {
        private readonly SemaphoreSlim _flushing = new(1);

        public void Write(ReadOnlySpan<byte> bytes)
        {
            lock (output)
            {
                output.Write(bytes);
            }
        }

        public async Task FlushAsync()
        {
            await _flushing.WaitAsync();
            try
            {
                ValueTask<FlushResult> flush;
                lock (output)
                {
                    flush = output.FlushAsync();
                }

                await flush;
            }
            finally
            {
                _flushing.Release();
            }
        }

        public void Dispose() => _flushing.Dispose();
    }
}
