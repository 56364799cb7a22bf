using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Looks through the queues of a topic once, from one time to another.</summary>
internal sealed class QueueLookBack(IBrokerCore core, LookBack look) : IRecordSink
{
    private const int BatchMessages = 1024;
    private const int BatchBytes = 1 << 20;

    private readonly long _from = look.From.ToUnixTimeMilliseconds();
    private readonly long _to = look.To.ToUnixTimeMilliseconds();
    private byte[] _properties = new byte[1024];
    private bool _pastEnd;
    private bool _enough;

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        // A message that its sender has the answer for, or waits for, must not be missed.
        await core.WaitReadableAsync().ConfigureAwait(false);
        // Those that are written to, and those that were before their number was made smaller.
        int queues = core.Topics.Find(look.Topic) is { } topic ? Math.Max(topic.ReadQueues, topic.WriteQueues) : 0;
        for (int queueId = 0; queueId < queues && !_enough; queueId++)
        {
            _pastEnd = false;
            long next = core.Offsets.Search(look.Topic, queueId, _from);
            while (!_pastEnd && !_enough)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOutcome outcome = core.Read(new ReadRequest(look.Topic, queueId, next, BatchMessages, BatchBytes), this);
                if (outcome.NextOffset <= next)
                {
                    break;
                }

                next = outcome.NextOffset;
                // Others have the thread in between.
                await Task.Yield();
            }
        }
    }

    bool IRecordSink.Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
    {
        // A search that finds nothing later answers with the last one before.
        if (MessageRecord.TryRead(record, out MessageRecord message) != RecordError.None || message.StoreTimestamp < _from)
        {
            return true;
        }

        _pastEnd = message.StoreTimestamp > _to;
        if (_pastEnd)
        {
            return false;
        }

        if (_properties.Length < message.Properties.Length)
        {
            _properties = new byte[message.Properties.Length];
        }

        message.Properties.CopyTo(_properties);
        _enough = !look.Show(new MessageProperties(_properties.AsMemory(0, message.Properties.Length)));
        return !_enough;
    }
}
