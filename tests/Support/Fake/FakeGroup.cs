using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>A group: what waits for it, and what is in flight. All members are called under the log's gate.</summary>
internal sealed class FakeGroup(FakeLog log, string name)
{
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private readonly LinkedList<(StoredMessage Message, int Attempt)> _waiting = new();
    private readonly Dictionary<long, InFlight> _inFlight = [];
    private long _lastDelivery;

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Messages that the next one says to be missing before it.</summary>
    public long Missing { get; set; }

    public List<FakeGroupStream> Streams { get; } = [];

    /// <summary>Topics that it reads or read.</summary>
    public IReadOnlyCollection<string> Topics => _topics;

    /// <summary>Messages of a queue that it has not finished.</summary>
    public int Open(string topic, int queueId)
        => _waiting.Select(entry => entry.Message).Concat(_inFlight.Values.Select(entry => entry.Message))
            .Count(message => message.Publish.Topic == topic && message.Receipt.QueueId == queueId);

    /// <summary>Goes on in a topic behind the messages before a time; null: at the end.</summary>
    public void Reset(string topic, DateTimeOffset? time)
    {
        foreach ((StoredMessage Message, int Attempt) entry in _waiting.Where(entry => entry.Message.Publish.Topic == topic).ToList())
        {
            _waiting.Remove(entry);
        }

        _topics.Add(topic);
        foreach (StoredMessage message in log.MessagesOf(topic).Where(message => time is { } from && message.StoredAt >= from))
        {
            _waiting.AddLast((message, 1));
        }

        WakeAll();
    }

    public void Join(FakeGroupStream stream, TopicSelection topics, GroupStart start)
    {
        foreach (string topic in topics.Names)
        {
            FakeGroupStream? other = Streams.Find(other => other != stream && other.Selection.Contains(topic));
            if (other is not null && other.FilterOf(topic).Text != stream.FilterOf(topic, other.FilterOf(topic)).Text)
            {
                throw new BridgeException(BridgeError.FilterInvalid, $"Group {name} is consuming topic {topic} with another filter.");
            }
        }

        foreach (string topic in topics.Names.Where(_topics.Add))
        {
            if (start == GroupStart.Earliest)
            {
                foreach (StoredMessage message in log.MessagesOf(topic))
                {
                    _waiting.AddLast((message, 1));
                }
            }
        }

        if (!Streams.Contains(stream))
        {
            Streams.Add(stream);
        }

        WakeAll();
    }

    public void Leave(FakeGroupStream stream)
    {
        Streams.Remove(stream);
        foreach ((long id, InFlight entry) in _inFlight.Where(entry => entry.Value.Stream == stream).ToList())
        {
            SendBack(id, entry);
        }
    }

    public void Offer(StoredMessage message)
    {
        if (_topics.Contains(message.Publish.Topic))
        {
            _waiting.AddLast((message, 1));
            WakeAll();
        }
    }

    public int Take(FakeGroupStream stream, MessageBatch batch, int max)
    {
        int taken = 0;
        for (var node = _waiting.First; node is not null && taken < max;)
        {
            var next = node.Next;
            (StoredMessage message, int attempt) = node.Value;
            if (stream.Selection.Contains(message.Publish.Topic))
            {
                _waiting.Remove(node);
                var properties = new MessageProperties(message.Publish.Properties);
                properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
                properties.TryGet(PropertyNames.MqttTopic, out ReadOnlySpan<byte> keptName);
                if (stream.FilterOf(message.Publish.Topic).Matches(message.Publish.Topic, tag, keptName))
                {
                    long id = ++_lastDelivery;
                    _inFlight.Add(id, new InFlight(stream, message, attempt, StartLease(id, stream.Request.Lease)));
                    batch.Add(message.CopyInto(batch, attempt, new DeliveryId(id)) with { Missing = Missing });
                    Missing = 0;
                    taken++;
                }
            }

            node = next;
        }

        return taken;
    }

    public void Settle(DeliveryId delivery, Settlement settlement)
    {
        if (!_inFlight.TryGetValue(delivery.Value, out InFlight? entry))
        {
            throw new BridgeException(BridgeError.DeliveryUnknown, "The delivery is not in flight.");
        }

        switch (settlement.Outcome)
        {
            case Outcome.Extend:
                entry.Lease.Change(settlement.Time, Timeout.InfiniteTimeSpan);
                break;
            case Outcome.Accept:
                Remove(delivery.Value, entry);
                break;
            case Outcome.DeadLetter:
                Remove(delivery.Value, entry);
                BuryDead(entry.Message);
                break;
            default:
                Release(delivery.Value, entry, settlement.Time);
                break;
        }
    }

    private void Release(long id, InFlight entry, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero || entry.Attempt >= log.MaxAttempts)
        {
            SendBack(id, entry);
            return;
        }

        Remove(id, entry);
        ITimer? due = null;
        due = Clock.CreateTimer(
            _ =>
            {
                lock (log.Gate)
                {
                    due?.Dispose();
                    _waiting.AddLast((entry.Message, entry.Attempt + 1));
                    WakeAll();
                }
            },
            null,
            delay,
            Timeout.InfiniteTimeSpan);
    }

    private ITimer StartLease(long id, TimeSpan lease)
        => Clock.CreateTimer(
            _ =>
            {
                lock (log.Gate)
                {
                    if (_inFlight.TryGetValue(id, out InFlight? entry))
                    {
                        SendBack(id, entry);
                    }
                }
            },
            null,
            lease,
            Timeout.InfiniteTimeSpan);

    private void SendBack(long id, InFlight entry)
    {
        Remove(id, entry);
        if (entry.Attempt >= log.MaxAttempts)
        {
            BuryDead(entry.Message);
            return;
        }

        _waiting.AddLast((entry.Message, entry.Attempt + 1));
        WakeAll();
    }

    private void BuryDead(StoredMessage message)
        => log.Append(message.Publish with { Topic = TopicNames.DeadLettersOf(name) }, Clock.GetUtcNow());

    private void Remove(long id, InFlight entry)
    {
        _inFlight.Remove(id);
        entry.Lease.Dispose();
    }

    private void WakeAll()
    {
        foreach (FakeGroupStream stream in Streams)
        {
            stream.Wake();
        }
    }

    private sealed record InFlight(FakeGroupStream Stream, StoredMessage Message, int Attempt, ITimer Lease);
}
