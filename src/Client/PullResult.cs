using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>What a pull found.</summary>
public enum PullStatus
{
    /// <summary>Messages.</summary>
    Found,

    /// <summary>No message is behind the offset yet.</summary>
    NoNewMessages,

    /// <summary>Messages were there, and none passed the filter: go on at <see cref="PullResult.NextOffset"/>.</summary>
    NoMatchingMessages,

    /// <summary>The queue has no such offset: too old, or not there yet. <see cref="PullResult.NextOffset"/> is one that it has.</summary>
    OffsetIllegal,
}

/// <summary>The answer to a pull: messages in the order of the queue, read in place.</summary>
/// <remarks>Owns pooled memory: dispose it, and do not use its views after that. Not thread safe.</remarks>
public sealed class PullResult : IDisposable
{
    private readonly RemotingResponse _response;
    private readonly int _maxBodySize;
    private readonly string? _address;

    internal PullResult(
        RemotingResponse response, MessageQueue queue, PullStatus status, long nextOffset, long minOffset, long maxOffset, int maxBodySize, string? address)
    {
        _response = response;
        _maxBodySize = maxBodySize;
        _address = address;
        Queue = queue;
        Status = status;
        NextOffset = nextOffset;
        MinOffset = minOffset;
        MaxOffset = maxOffset;
    }

    /// <summary>The queue.</summary>
    public MessageQueue Queue { get; }

    /// <summary>What was found.</summary>
    public PullStatus Status { get; }

    /// <summary>Where the next pull goes on.</summary>
    public long NextOffset { get; }

    /// <summary>The oldest offset of the queue.</summary>
    public long MinOffset { get; }

    /// <summary>One behind the newest offset of the queue.</summary>
    public long MaxOffset { get; }

    /// <summary>Walks the messages.</summary>
    public Enumerator GetEnumerator()
        => new(Status == PullStatus.Found ? _response.Body : default, _maxBodySize, _address);

    /// <summary>Copies the messages out, so that they can be kept.</summary>
    /// <exception cref="BadAnswerException">The answer has something else in it than whole messages.</exception>
    public IReadOnlyList<ReceivedMessage> ToMessages()
    {
        var messages = new List<ReceivedMessage>();
        foreach (MessageView view in this)
        {
            messages.Add(new ReceivedMessage(Queue, view));
        }

        return messages;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _response.Dispose();

    /// <summary>Cuts one message after the other.</summary>
    public ref struct Enumerator
    {
        private readonly int _maxBodySize;
        private readonly string? _address;
        private ReadOnlyMemory<byte> _rest;

        internal Enumerator(ReadOnlyMemory<byte> body, int maxBodySize, string? address)
        {
            _rest = body;
            _maxBodySize = maxBodySize;
            _address = address;
        }

        /// <summary>The message that <see cref="MoveNext"/> cut.</summary>
        public MessageView Current { get; private set; }

        /// <summary>Cuts the next message, and checks its body against its checksum.</summary>
        /// <exception cref="BadAnswerException">The rest is not a whole message, or its body was changed on the way.</exception>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            RecordError error = MessageRecord.TryRead(_rest.Span, out MessageRecord record);
            if (error != RecordError.None)
            {
                throw new BadAnswerException($"The answer to a pull from {_address} has no whole message where one belongs ({error}).", _address, mayHaveHappened: false);
            }

            if (record.BodyCrc != 0 && !record.BodyCrcMatches)
            {
                throw new BadAnswerException($"The message at queue offset {record.QueueOffset} from {_address} does not have the checksum it says.", _address, mayHaveHappened: false);
            }

            Current = new MessageView(record, _rest, _maxBodySize);
            _rest = _rest[record.Size..];
            return true;
        }
    }
}
